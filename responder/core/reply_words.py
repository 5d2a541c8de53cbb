"""The words mail programs put around a quoted or forwarded mail, a signature or a disclaimer, in the languages we meet.

Data alone, case-folded, divided by "|". Languages: English, German, French, Spanish, Portuguese, Italian, Dutch,
Polish, Russian, Ukrainian, Japanese, Chinese, Korean, Swedish, Danish, Norwegian, Finnish, Czech, Hungarian,
Turkish, Romanian.
"""

from typing import Final


def _phrases(text: str) -> tuple[str, ...]:
    """Case-folded entries; a space at an entry's end is written as an underscore."""
    return tuple(entry.strip().replace("_", " ").casefold() for entry in text.split("|"))


_ROLES: Final = {
    "sender": """
        from | von | de | da | van | od | от | от кого | відправник | від | 差出人 | 送信者 | 送信元 | 发件人 |
        發件人 | 寄件者 | 寄件人 | 발신 | 보낸 사람 | 보낸사람 | från | fra | lähettäjä | feladó | kimden |
        gönderen | mittente | expéditeur | remitente | remetente | absender | afzender | nadawca | avsändare |
        avsender | afsender | de la | expeditor | odesílatel | από | מאת | من
    """,
    "date": """
        sent | date | gesendet | datum | gesendet am | envoyé | envoyé le | enviado | enviado el | enviado em |
        enviada | enviada em | fecha | data | inviato | verzonden | wysłano | wysłany | отправлено | дата |
        дата отправки | надіслано | 送信日時 | 日付 | 日時 | 送信 | 发送时间 | 發送時間 | 发送日期 | 日期 | 时间 |
        時間 | 寄件日期 | 傳送時間 | 보낸 날짜 | 날짜 | 보낸 시간 | skickat | sendt | dato | lähetetty |
        päivämäärä | päiväys | elküldve | dátum | küldve | gönderildi | gönderilen | tarih | odesláno | trimis |
        sent at | date sent | στάλθηκε | נשלח
    """,
    "to": """
        to | an | à | a | pour | para | aan | do | komu | кому | 宛先 | 收件人 | 收件者 | 받는 사람 | 받는사람 |
        till | til | vastaanottaja | címzett | kime | alıcı | destinataire | destinatario | destinatário |
        empfänger | către | προς | אל | per
    """,
    "subject": """
        subject | betreff | betrifft | objet | sujet | asunto | assunto | oggetto | onderwerp | temat | тема |
        件名 | 主题 | 主題 | 主旨 | 标题 | 標題 | 제목 | ämne | emne | aihe | tárgy | konu | předmět | subiect |
        θέμα | נושא | re
    """,
    "more": """
        cc | bcc | ccm | kopie | kopie (cc) | copie | copie à | copia | cópia | kopia | dw | udw | копия | 抄送 |
        副本 | 密件抄送 | 참조 | kopi | kopio | másolat | bilgi | reply-to | reply to | antwort an | répondre à |
        responder a | importance | wichtigkeit | priority | priorität | prioriteit | importancia | importância |
        attachments | anlagen | anhänge | pièces jointes | adjuntos | anexos | allegati | bijlagen | załączniki |
        вложения | 添付ファイル | 附件 | message-id | organization | organisation | newsgroups | resent-from |
        mailed-by | signed-by
    """,
}
LABELS: Final = {label: role for role, labels in _ROLES.items() for label in _phrases(labels)}
"""The labels of a quoted header block, without their colon, and what each one names."""

ORIGINAL: Final = frozenset(
    _phrases(
        """
        original message | original email | original mail | reply message | original appointment |
        ursprüngliche nachricht | originalnachricht | original-nachricht | urspruengliche nachricht |
        message d'origine | message d’origine | message original | message initial | courriel original |
        mensaje original | mensagem original | messaggio originale | messaggio di origine |
        oorspronkelijk bericht | oorspronkelijke bericht | origineel bericht | wiadomość oryginalna |
        oryginalna wiadomość | wiadomosc oryginalna | исходное сообщение | оригинальное сообщение |
        исходящее сообщение | original-mail | 元のメッセージ | 元のメール | 原始邮件 | 原始郵件 | 原邮件 |
        原始信息 | 邮件原件 | 원본 메시지 | 원본 메일 | ursprungligt meddelande | originalmeddelande |
        oprindelig meddelelse | original meddelelse | opprinnelig melding | alkuperäinen viesti | původní zpráva |
        původní e-mail | eredeti üzenet | orijinal mesaj | özgün ileti | mesaj original | αρχικό μήνυμα |
        הודעה מקורית
        """
    )
)
"""Between dashes, above a quoted mail."""

FORWARD: Final = frozenset(
    _phrases(
        """
        forwarded message | forwarded mail | forwarded email | begin forwarded message | forwarded by | forwarded |
        weitergeleitete nachricht | anfang der weitergeleiteten nachricht | anfang der weitergeleiteten e-mail |
        weitergeleitete mail | weitergeleitet von | message transféré | début du message transféré |
        début du message réexpédié | message réexpédié | transféré par | mensaje reenviado |
        inicio del mensaje reenviado | reenviado por | mensagem encaminhada | mensagem reencaminhada |
        início da mensagem encaminhada | início da mensagem reenviada | inicio da mensagem encaminhada |
        encaminhado por | messaggio inoltrato | inizio messaggio inoltrato | inizio del messaggio inoltrato |
        inoltrato da | doorgestuurd bericht | begin doorgestuurd bericht | doorgestuurd door |
        przekazana wiadomość | wiadomość przekazana | początek przekazywanej wiadomości |
        początek przekazanej wiadomości | treść przekazanej wiadomości | пересылаемое сообщение |
        пересланное сообщение | начало переадресованного сообщения | начало пересылаемого сообщения |
        переадресованное сообщение | переслане повідомлення | 転送メッセージ | 転送されたメッセージ |
        転送されたメール | 転送メール | 转发邮件 | 转发的邮件 | 已转发邮件 | 已转发的邮件 | 轉寄郵件 |
        被转发邮件信息 | 以下为转发邮件 | 转发信息 | 開始轉寄郵件 | 开始转发的邮件 | 下面是被转发的邮件 |
        전달된 메시지 | 전달된 메일 | vidarebefordrat meddelande | vidarebefordrat brev | videresendt meddelelse |
        videresendt besked | videresendt melding | start på videresendt besked | välitetty viesti |
        edelleenlähetetty viesti | přeposlaná zpráva | továbbított üzenet | iletilen mesaj | yönlendirilmiş mesaj |
        mesaj redirecționat | προωθημένο μήνυμα | הודעה שהועברה
        """
    )
)
"""Between dashes, above a forwarded mail; or without dashes and with a colon."""

FORWARD_PREFIXES: Final = _phrases(
    """
    forwarded by_ | forwarded message from_ | weitergeleitet von_ | transféré par_ | reenviado por_ |
    encaminhado por_ | inoltrato da_ | doorgestuurd door_ | przesłane dalej przez_ | переадресовано_
    """
)
"""Between dashes, before a name and a date."""

END_OF_FORWARD: Final = frozenset(
    _phrases(
        """
        end forwarded message | end of forwarded message | ende der weitergeleiteten nachricht |
        ende der weitergeleiteten mail | fin du message transféré | fin del mensaje reenviado |
        fim da mensagem encaminhada | fine messaggio inoltrato | einde doorgestuurd bericht |
        koniec przekazanej wiadomości | конец пересылаемого сообщения | конец пересланного сообщения |
        転送メッセージここまで | 转发邮件结束
        """
    )
)
"""Between dashes, below a forwarded mail."""

FORWARD_SUBJECTS: Final = frozenset(
    _phrases(
        """
        fw | fwd | wg | tr | rv | enc | i | inoltra | doorst | pd | fs | vl | vs | пересл | 转发 | 轉寄 | 転送 |
        전달 | továbbítás | ilt | yönlendir | redir | vb
        """
    )
)
"""Before the first colon of a subject."""

WROTE: Final = _phrases(
    """
    wrote | writes | schrieb | schrieben | hat geschrieben | geschrieben | a écrit | écrit | ecrit | escribió |
    escribio | escribe | escreveu | ha scritto | scritto | scrisse | schreef | geschreven | heeft geschreven |
    napisał | napisała | napisał(a) | napisal | napisał/a | pisze | пишет | писал | писала | писал(а) | написал |
    написала | написал(а) | написав | пише | skrev | kirjoitti | yazdı | şunu yazdı | napsal | napsala |
    napsal(a) | napísal | írta | ezt írta | a scris | έγραψε | כתב | כתבה | كتب | menulis | đã viết
    """
)
"""In an attribution line ("On ... wrote:")."""

WROTE_EAST_ASIAN: Final = _phrases(
    """
    写道 | 寫道 | 写了 | 书写 | のメール | が書きました | は書きました | さんが書 | さんは書 | さんからのメール |
    님이 작성 | 님이 쓴 글 | 작성했습니다 | wrote
    """
)
"""The same in scripts without spaces."""

ON: Final = _phrases(
    """
    on | at | am | on the | le | el | em | il | in data | op | w dniu | dnia | den | på | в | у | kl | a | ti |
    vào | pada | dana | dne | po | út | st | čt | pá | ne | pzt | sal | çar | per | cum | cmt | paz | h | k | sze |
    cs | p | szo | pe | la | mon | tue | wed | thu | fri | sat | sun | monday | tuesday | wednesday | thursday |
    friday | saturday | sunday | mo | di | mi | do | fr | sa | so | montag | dienstag | mittwoch | donnerstag |
    freitag | samstag | sonntag | lun | mar | mer | jeu | ven | sam | dim | lunes | martes | miércoles | jueves |
    viernes | sábado | domingo | seg | ter | qua | qui | sex | sáb | dom | gio | mié | jue | vie | ma | wo | vr |
    za | zo | pon | pt | czw | śr | sob | niedz | wt | пн | вт | ср | чт | пт | сб | вс | понедельник | вторник |
    среда | четверг | пятница | суббота | воскресенье | tis | ons | tors | fre | lör | sön | tir | tor | lør |
    søn | man | ke | to | su | le lundi | le mardi | le mercredi | le jeudi | le vendredi
    """
)
"""First words of an attribution line."""

ON_EAST_ASIAN: Final = _phrases(
    """
    在 | 于 | 於 | 오전 | 오후
    """
)

CLOSINGS: Final = frozenset(
    _phrases(
        """
        regards | best regards | with respect | with all respect | very respectfully | with honour | with love |
        with affection | ba ehteram | with friendly greetings | with my best sentiments | xx | kind regards |
        kindest regards | warm regards | warmest regards | with regards | with best regards | with kind regards |
        with warm regards | many regards | my regards | best | all the best | best wishes | with best wishes |
        warm wishes | sincerely | sincerely yours | yours sincerely | yours truly | very truly yours |
        yours faithfully | faithfully | respectfully | respectfully yours | yours respectfully | cordially |
        yours | warmly | with gratitude | gratefully | with appreciation | kind rgds | rgds | regds | kr | br |
        bests | brgds | best rgds | take care | have a nice day | have a great day | have a good day |
        thanks and regards | thanks & regards | thanks and best regards | thanks & best regards |
        thank you and best regards | thank you and kind regards | thanks and kind regards |
        many thanks and best regards | thank you & regards | thank you and regards |
        thanks in advance and best regards | with thanks and regards | thanking you | thanking you yours |
        talk soon | speak soon | greetings | many greetings | best greetings | kind greetings |
        friendly greetings | with kind greetings | with best greetings | with greetings | peace | in solidarity |
        love | hugs | mit freundlichen grüßen | mit freundlichen grüssen | mit freundlichen gruessen |
        freundliche grüße | freundliche grüsse | viele grüße | viele grüsse | viele gruesse | liebe grüße |
        liebe grüsse | beste grüße | beste grüsse | beste gruesse | herzliche grüße | schöne grüße |
        schöne grüsse | mit besten grüßen | mit besten grüssen | mit freundlichem gruß | mit freundlichem gruss |
        mit herzlichen grüßen | herzlichst | hochachtungsvoll | mfg | lg | vg | gruß | gruss | grüße | grüsse |
        ihr | mit lieben grüßen | bg | besten gruß | freundlichen gruß | viele liebe grüße | beste wünsche |
        cordialement | bien cordialement | très cordialement | bien à vous | bien à toi | sincèrement |
        amicalement | salutations | meilleures salutations | salutations distinguées | sincères salutations |
        salutations cordiales | respectueusement | avec mes meilleures salutations | bonne journée | bonne soirée |
        bonne réception | à bientôt | cdt | cdlt | bàv | bises | bien respectueusement | saludos | un saludo |
        saludos cordiales | cordiales saludos | un cordial saludo | cordialmente | atentamente | atte |
        muy atentamente | un abrazo | abrazos | mis saludos | saludos atentos | le saluda atentamente |
        quedo atento | quedo atenta | reciba un cordial saludo | reciban un cordial saludo | atenciosamente | att |
        cumprimentos | com os melhores cumprimentos | melhores cumprimentos | os melhores cumprimentos |
        com cumprimentos | respeitosamente | saudações | abraço | abraços | um abraço | abs | grato | grata |
        cordiali saluti | distinti saluti | un cordiale saluto | cordialità | saluti | un saluto | tanti saluti |
        i migliori saluti | migliori saluti | buona giornata | con i migliori saluti | porgo cordiali saluti |
        met vriendelijke groet | met vriendelijke groeten | vriendelijke groet | vriendelijke groeten | mvg |
        groet | groeten | groetjes | hartelijke groet | hartelijke groeten | met hartelijke groet | hoogachtend |
        met groet | beste groeten | vr gr | pozdrawiam | pozdrawiam serdecznie | serdecznie pozdrawiam |
        z poważaniem | z wyrazami szacunku | serdeczne pozdrowienia | pozdrowienia | z pozdrowieniami |
        łączę pozdrowienia | łączę wyrazy szacunku | z uszanowaniem | pzdr | с уважением |
        с наилучшими пожеланиями | всего доброго | с наилучшими | искренне ваш | с искренним уважением |
        с глубоким уважением | всего наилучшего | с приветом | удачи | хорошего дня | з повагою |
        з найкращими побажаннями | よろしくお願いします | よろしくお願いいたします | よろしくお願い致します |
        宜しくお願いします | 宜しくお願いいたします | 宜しくお願い致します | どうぞよろしくお願いいたします |
        以上、よろしくお願いいたします | 何卒よろしくお願いいたします | 敬具 | 草々 | 此致 | 敬礼 | 此致敬礼 |
        顺颂商祺 | 祝好 | 祝商祺 | 顺祝商祺 | 祝您工作顺利 | 祝工作顺利 | 敬上 | 谨上 | 此致 敬礼 | best regards, |
        감사합니다 | 드림 | kh | bh | med vänliga hälsningar | vänliga hälsningar | med vänlig hälsning |
        vänlig hälsning | hälsningar | mvh | vh | hälsning | bästa hälsningar | med venlig hilsen | venlig hilsen |
        med vennlig hilsen | vennlig hilsen | hilsen | de bedste hilsner | vennlig hilsning |
        ystävällisin terveisin | terveisin | parhain terveisin | yt | terv | s pozdravem | s přátelským pozdravem |
        s úctou | hezký den | üdvözlettel | tisztelettel | saygılarımla | iyi çalışmalar | saygılarımızla |
        kolay gelsin | cu stimă | cu respect | με εκτίμηση | בברכה | مع التحية | مع أطيب التحيات | salam hormat |
        hormat saya | terima kasih dan salam | trân trọng
        """
    )
)
"""A line that ends the letter, whether a name follows or not."""

WEAK_CLOSINGS: Final = frozenset(
    _phrases(
        """
        thanks | thank you | tks | thanks a mil | ta very much | appreciate your time | asante | asante sana |
        mèsi anpil | thank you very much | many thanks | thanks a lot | thanks so much | thank you so much |
        thanks again | thx | ty | thank you again | thanks in advance | thank you in advance |
        many thanks in advance | thanking you in advance | with thanks | cheers | ta | tia | much appreciated |
        thanks much | thanks very much | thanks a million | thanks for your time | thank you for your time |
        thanks for your help | thank you for your help | danke | vielen dank | danke schön | besten dank |
        vielen dank im voraus | danke im voraus | herzlichen dank | merci | merci beaucoup | merci d'avance |
        merci d’avance | merci par avance | gracias | muchas gracias | gracias de antemano |
        muchas gracias de antemano | obrigado | obrigada | muito obrigado | muito obrigada | desde já obrigado |
        desde já agradeço | grazie | grazie mille | grazie in anticipo | bedankt | dank u | dank je | dank je wel |
        alvast bedankt | bij voorbaat dank | dziękuję | dzięki | z góry dziękuję | dziękuję z góry | спасибо |
        большое спасибо | заранее спасибо | благодарю | с благодарностью | дякую | ありがとうございます | 谢谢 |
        謝謝 | 非常感谢 | 感谢 | tack | tack på förhand | tak | takk | kiitos | děkuji | köszönöm | teşekkürler |
        teşekkür ederim | mulțumesc | ciao | bye | see you | hi | salut | tschüss | tschüß | bis dann |
        regards to all | good luck | later
        """
    )
)
"""A line that ends the letter only when a name follows."""

MOBILE: Final = _phrases(
    """
    sent from my_ | sent from mail for_ | sent from outlook | sent from yahoo mail | sent from proton |
    sent from gmail | sent from samsung | sent from mobile | sent from a mobile | sent from aol | sent from zoho |
    sent from workspace | sent via_ | sent with proton | sent with_ | sent using_ | sent by_ | sent on the go |
    get outlook for_ | sent from the_ | sent from windows mail | sent from an_ | yahoo mail: | get bluemail |
    sent from blue mail | von meinem_ | von unterwegs gesendet | gesendet von_ | gesendet mit_ | gesendet via_ |
    diese nachricht wurde von_ | diese e-mail wurde von meinem | holen sie sich outlook für_ | outlook für ios |
    outlook für android | von outlook für_ | envoyé de mon_ | envoyé depuis_ | envoyé avec_ | envoyé à partir de_ |
    envoyé par_ | télécharger outlook pour_ | obtenez outlook pour_ | obtenir outlook pour_ | provenance :_ |
    enviado desde_ | enviado con_ | enviado mediante_ | obtener outlook para_ | enviado do_ | enviado pelo_ |
    enviado a partir_ | enviado através_ | enviado via_ | obtenha o outlook para_ | obter o outlook para_ |
    baixe o outlook para_ | inviato da_ | inviato dal_ | inviato con_ | scarica outlook per_ |
    ottieni outlook per_ | verstuurd vanaf_ | verzonden vanaf_ | verstuurd met_ | verzonden met_ | verzonden via_ |
    outlook voor_ | wysłane z_ | wysłano z_ | pobierz aplikację outlook | pobierz program outlook | отправлено с_ |
    отправлено из_ | надіслано з_ | скачать outlook | получить outlook | отправлено от_ | iphoneから送信 |
    ipadから送信 | android から送信 | 私のiphone | outlook for ios を入手 | outlook for android を入手 | 发自我的 |
    来自我的 | 發自我的 | 從我的_ | 从我的 | 發送自我的 | 获取 outlook for_ | 取得 outlook for_ | 发送自_ |
    나의 iphone에서 보냄 | 내 iphone에서 보냄 | ios용 outlook | android용 outlook | skickat från_ |
    skickades från_ | sendt fra_ | lähetetty_ | hämta outlook för_ | hent outlook_ | odesláno z_ | odoslané z_ |
    küldve a_ | iphone'umdan gönderildi | iphone’umdan gönderildi | trimis de pe_
    """
)
"""How a line begins that a mail program adds below; one of MOBILE_WORDS must be in it too."""

MOBILE_WORDS: Final = _phrases(
    """
    iphone | ipad | android | samsung | galaxy | blackberry | outlook | mail | mobile | phone | handy |
    smartphone | tablet | mobil | huawei | xiaomi | pixel | windows | móvil | telefon | téléphone | celular |
    telefoon | proton | gmx | web.de | yahoo | aol | app | gmail | mac | thunderbird | telef | айфон | телефон |
    смартфон | почт | 手机 | スマ | secure | airmail | spark | superhuman | device | mailbird | em client | nokia |
    ios | webmail | télecom | ipod | appareil | dispositivo
    """
)

MEDIUM: Final = _phrases(
    """
    e-mail | email | message | mail | nachricht | courriel | mensaje | mensagem | messaggio | bericht | wiadomość |
    сообщени | メール | 邮件 | communication | transmission | correo
    """
)
"""What a legal notice calls the mail."""

DISCLAIMER: Final = _phrases(
    """
    confidential | privileged | intended | recipient | addressee | disclos | unauthori | distribut | copying |
    delete | notify the sender | in error | received this | attachments | liability | virus | vertraulich |
    empfänger | irrtümlich | vernichten | unbefugt | weitergabe | informieren | confidentiel | destinataire |
    par erreur | détruire | supprimer | diffusion | confidencial | destinatario | destinatário | por error |
    por erro | eliminar | divulga | prohibid | proibid | riservat | per errore | cancellar | divulgazione |
    vertrouwelijk | geadresseerde | abusievelijk | verwijderen | poufn | adresat | omyłkowo | usunąć |
    конфиденциальн | адресат | удалит | 機密 | 受信者 | 削除 | 保密 | 机密 | 收件人 | 删除 | legally | protected |
    strictly | prohibited | solely | binding | opinions | datenschutz | gdpr | personal data | registered in |
    registered office | vat
    """
)
"""Words of legal notices; several together make one."""

FOOTER_LINES: Final = _phrases(
    """
    please consider the environment | think before you print | think before printing | save a tree |
    before printing this | bitte denken sie an die umwelt | denken sie an die umwelt | pensez à l'environnement |
    pensez à l’environnement | antes de imprimir | prima di stampare | denk aan het milieu | virus-free |
    virenfrei | this email has been checked | this email has been scanned | this message has been scanned |
    diese e-mail wurde von avast | sans virus | libre de virus | livre de vírus |
    you received this message because you are subscribed | to unsubscribe | you are receiving this | scanned by |
    checked by avg | sent from the campus mail gateway | this e-mail has been scanned | l'absence de virus |
    этот email проверен | no virus found | get your own | sent by an employee
    """
)
"""Parts of lines that stand below a mail and are nobody's words."""

BANNERS: Final = _phrases(
    """
    caution: | [caution | external email | [external | external: | warning: external | warning: this email |
    this email originated | this message originated | this message came from outside |
    this email came from outside | *** external | **external | !!! external | *** caution |
    you don't often get email from | [you don't often get | some people who received this message don't often |
    [some people who received this | achtung: externe | externe e-mail | [extern | attention: courriel externe |
    attention : courriel externe | courriel externe | correo externo | e-mail externo | email externo |
    waarschuwing: externe | this sender is | be careful with this message | use caution | do not click |
    this is an external email
    """
)
"""How a line begins that a gateway puts above a mail."""

REPLY_ABOVE: Final = _phrases(
    """
    reply above this line | type your reply above this line | write above this line | respond above this line |
    enter your reply above | please reply above this line | antworten sie oberhalb dieser | oberhalb dieser zeile |
    répondre au-dessus de cette ligne | au-dessus de cette ligne | responda por encima de esta |
    encima de esta línea | acima desta linha | sopra questa riga | boven deze lijn | boven deze regel |
    powyżej tej linii | выше этой | この行より上 | 在此行上方 | 请在此行以上 | reply above the line
    """
)
"""Part of the line below which ticket systems put the history."""
