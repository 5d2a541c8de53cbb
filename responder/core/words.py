"""Function words and tell-tale letters by language: the evidence `core.language` counts.

Words are the most frequent ones of each language that are not names, with a few courtesies of letters. They are
compared without diacritics, so each stands here once, as it is written properly.
"""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "cs": """a aby ale ani ano asi až bez bude budeme byl byla bylo být co další děkuji děkujeme děkuju
                dobrý dobrého do i jak jako jaké jaký je jeho jejich jen jestli ještě ji již jsem jsme jsou k
                kde kdy který které která kterou má máme mám mi mít může můžete mohli můžeme na nám nás náš naše
                naši naší nebo není než o od po pokud potřebujeme potřebuji pozdravem pro proč prosím před přes
                při s se si své tak také tato ten tento to tom tuto u už v ve vám vás více však z za zda ze
                zdravím že žádost prosíme chtěl chtěla bych bychom rádi musí buď vaše vašeho vašem všechny všech
                mohou nejméně dále protože vyžaduje nemáte seznam nyní ujistěte vyberte zadejte obsahovat pouze
                nemůže nemohu nevíme místo žádný existuje nebyl odeslán neplatný tyto následující pak později
                kromě každý některé školy univerzity rok nový nové hodnota heslo uživatel soubor chybí máte
                vidíte""",
    "da": """licensen licenser selskab skema af alle at blev blive bliver da de den denne der deres det
                dette dog du efter ej eller en end er et for fra få gerne god godt ham han har have havde hej
                hende her hos hun hvad hvem hvis hvor hvordan hvornår i ikke ind ingen jeg jeres kan kunne kun
                man med meget men mig min mit mod må mere nogen noget nu når og også om op os over på siden skal
                skulle som så tak til ud under var ved venlig venligst vi vil ville være været vores hilsen mvh
                din dit dine fordi enten indtast indeholde måske før disse følgende findes virker mangler bruge
                bruger brug igen gammel gamle ny nye nyt dem dig begge allerede kræver ret sendt side ser fejl
                samme går gået hvilken hvilke hedder første år siger undervisning forskning licens ansøgning""",
    "de": """aber alle als also am an auch auf aus bei beim bereits bin bis bitte danke das dass dem den
                denn der des die dies diese diesem dieser dieses doch durch eine einem einen einer eines er es
                etwas für gibt haben hallo hat hatte hätte ich ihre ihnen ihr ihrem im in ist ja jetzt kann kein
                keine können könnte könnten leider man mehr mein meine meinen mich mir mit möchte möchten muss
                nach nicht noch nun nur ob oder ohne schon sehr sein seit sich sie sind sobald sollte über um
                und uns unser unsere unserer vielen von vor war warum was wäre wegen weil welche wenn wer werden
                wie wieder wir wird wo wurde zu zum zur grüße grüßen freundlichen freundliche wollen würde
                würden enthält enthalten müssen muß darf unten oben erneut höchstens mindestens gültig ungültig
                folgenden folgende neues neue neuen besteht bestehend deren geben einmal stehen hier aller falls
                sehen sicherstellen eingeben löschen habe lizenz hochschule jahr studierende danach damit dort
                jedoch""",
    "en": """a about after again all also am an and any are as ask at be because been before being but by
                can cannot could dear did do does doing done each else even every few find first for from get
                give go got had has have having he hello help her here hi him his how however i i'm i've i'd if
                in into is isn't it it's its just kindly know last let like make many may me might more most
                much must my need needs never new next no not now of off on once one only or other our out over
                own per please regards same see send she should since so some soon still such sure take tell
                than thank thanks that that's the their them then there these they this those through till to
                too under until up upon us use used using very want was way we we're we've well were what when
                where whether which while who whom whose why will wish with within without would yes yet you
                your yours don't doesn't didn't can't won't able access account already apply application
                applied asking back best believe cheers code contact email error expired expires form free
                greetings guys hope information institution keep late license licence licenses link looking mail
                message month name nothing open plan possible problem professor program project question
                received regarding rejected renew renewal reply request school seats seem source start startup
                student students subscription support team tried try trying two university user users wait
                waiting week works wrong year years ai car die via war man men plus company founded batch none
                website product funding phone country number date type total page add three four five say says
                said talk call play today tomorrow tonight good day morning bye goodbye food money card bank
                payment pay transfer long old big small days weeks months hours minutes time times people person
                place thing things something anything everything nobody somebody everyone show set change check
                enter close right left high low really maybe perhaps actually therefore although though between
                during against around another both several different important unable available currently
                recently later earlier enough sent based running install file server issue issues problems
                failed fails work working worked organization teacher teachers research teaching class classes
                course courses department faculty community open-source repository public private license-key
                key keys button screen click login sign signed log logged password verify verified verification
                document documents upload uploaded""",
    "es": """a al algo alguna aquí así aún aunque buenas buenos cada como cómo con cordial cual cuál cuando
                cuándo de del desde donde dónde durante e el ella ellos en entre era es esa ese eso esta está
                están estamos este estos esto estoy fue gracias gustaría ha había hace hacer han hasta hay he
                hemos hola la las le les lo los más me mi mis mucho muchas muy nada necesito necesitamos ni no
                nos nosotros nuestra nuestro nuestros o otra otro para pero podemos podría podrían por porque
                puede pueden puedo que qué quiero quisiera quién saludo saludos se sea ser si sí siempre sin
                sobre solo somos son soy su sus también tanto te tengo tenemos tiene tienen todo todos un una
                uno unos usted ustedes ya yo y debe debería favor lista menos haya válido error ningún ninguna
                antes tenga estar siguientes correo enlace ver tipo estás indicado disponibles correcto envíe
                cuenta primer primera después cuánto cuesta tampoco aparece funciona llegado solicitud escuela
                alumnos profesor licencia año años días sigue universidad estudiantes""",
    "et": """aga aitäh ära edasi ei ega enne et ette ja jah jaoks juba järgmise järel kaudu kas kes kogu
                kohta kui kuid kuidas kus küll lugupidamisega ma me meie mida mille millal millise minu mis
                mitte mul nad nagu neid nii ning nüüd oleks oleme olen oli olid olla on oma või palun palju pole
                praegu pärast saa saaks saame saab saan sama seda see selle sest siis siin soovime soovin
                sooviksin sooviksime tere teid teie tema tänan täname üle ühe uue uuesti vaid vastu veel väga
                kuni meil teil peab peame olema ole olete vaja õige kõik kustutada seotud sisse rohkem vähemalt
                võib valitud antud ainult allpool muuta aadress tundi ajast näide posti suur abi eest kirja
                tulnud aasta uus kooli üliõpilane ülikool litsents ühtegi""",
    "ca": """amb això aquest aquesta aquests bon dia els fins gràcies hem heu i jo l'any més molt moltes
                necessitem no nosaltres nostra nostre o on però per perquè podem podeu puc què quan quins
                salutacions sense si sóc són també tenim un una vull volem voldríem a al de del la el en és ha
                ser entre es com les vos té hi tenir nom cap llista existeix esteu vostre vostra sota tots només
                camp número següents plau us s'ha d'usuari pot contrasenya correu universitat escola llicència
                estudiants curs""",
    "fi": """lomake lomakkeen lomakkeessa luettelo luettelossa ei eivät eli emme en ennen että he hei hyvä
                hän ilman ja jo joka joiden jonka jos jossa jota joten kaikki kanssa kautta keskus kiitos
                kiitoksia koska kuin kuinka kun kuten me meidän meille meillä miksi mikä millä milloin minulla
                minun minä missä mitä mutta myös mukaan niin noin nyt ole olemme olen oletan oli olisi olla on
                onko ovat pitää pitäisi sekä se sen siitä sitten sitä tai tarvitsemme tarvitsen tällä tämä tämän
                tästä teidän teille terve terveisin vai vain vielä voi voiko voimme voin voitte voisiko
                voisitteko voidaan ystävällisin yli haluaisin haluaisimme saisin saako saa tulee täytyy joko
                enintään vähintään tässä tälle tälläinen tähän uusi uudelleen kelvollinen varmista valitse
                poistaa jotta olet sinulla voit toiseen siinä mahdollisesti mukaisesti käyttäjä listassa enää
                toimi pääse kirjautumaan pieni vasta alkaen yliopisto opiskelija koulu vuosi vuoden lisenssi
                lisenssin hakemus""",
    "fr": """à afin ai aider alors après au aucun aussi autre aux avant avec avez avons bien bonjour
                bonsoir car ce cela ces cet cette c'est chez comme comment cordialement d'un d'une dans de
                depuis des deux donc dont du elle en encore entre est et étais était être eu fait faire fois ici
                il ils j'ai je jusqu l' la le les leur leurs lors lorsque mais malheureusement me merci mes moi
                moins mois mon même n'est ne ni nos notre nous on ont or ou où par pas plus plusieurs pour
                pourquoi pourrais pourriez pouvez pouvons qu'il quand que quel quelle quelles quels qui quoi
                s'il sa sans se ses si soit son sont sous suis sur ta toujours tous tout toute toutes très trop
                un une veuillez voici vos votre voudrais vous y aimerais souhaite souhaitons doit doivent été
                peut page non qu’il n’est n'a n’a existe déjà nom actuellement saisissez sélectionner suivants
                suivantes nouveau nouvelle nouvelles mot corrigez assurez raisons liés école université étudiant
                étudiants licence année demande vient reçu fonctionne""",
    "hr": """ako ali bez bi bih bila bilo bio biti ću da dobar do hvala i ih ili ima imamo imam iz ja jer
                je jesam jesu još kada kako kao kod koja koje koji koju li lijep ljubazno možda možete mogu
                možemo moj moja molim molimo mu na nam nas naš naša naše ne nego nemam nije nisam nismo no njih
                o od ova ovaj ove ovo po pa pri prije preko s sa sam se smo su šta što svi ta taj te to treba
                trebamo trebam u uz vam vas vaš već više za zašto zahvaljujem želim želimo želio poštovani
                pozdrav će osigurajte nema nisu niste jeste ste sve provjerite vrijednost sljedećih ovu ukupno
                najviše trenutno mora moraju umjesto dovoljno onda mjesta ispravno kojem studenti škola
                sveučilište licencu licenca godinu godina godine""",
    "hu": """a az aki alatt amely ami amikor azt be csak de egy ez ezt előre együtt és el elő ha hanem hogy
                hogyan hol így ide is itt jó kell kellene kérem kérjük kérdés kaptunk köszönöm köszönjük
                következő közben lehet lehetne lenne lesz ma már még meg mely melyik mert mi miatt mikor milyen
                mint minden mivel most nagyon napot ne nekünk nem nekem nincs van vannak volt volna s se sem sok
                szeretném szeretnénk szerint számára tisztelt tud tudna tudnak tudom tudunk tudnánk után új
                utolsó üdvözlettel vagy vagyok vagyunk való végett vissza által ezért kaphatnánk önök önöknek
                legfeljebb legalább lennie lenniük érvényes érvénytelen adjon kötelező elérhető ezen ennek
                alábbi azért úgy előtt például esetén túl több helyett bármely található hiba hibás választott
                kiválasztott kattintson maga jött írjon adatok első év éve évre iskola egyetem licenc licencet
                diák hallgató miért mennyibe szeretnék""",
    "id": """ada adalah agar akan aku anda apa apakah atas atau bagaimana bagi bahwa baru belum beberapa
                bisa boleh bagaimanapun banyak cara dalam dan dapat dari demikian dengan di dia hal hanya harus
                hari ingin ini itu jadi jika juga kalau kami kapan karena kasih ke kepada kita lagi lebih lalu
                maaf mana masih mau mohon namun oleh pada para perlu pernah punya saat saja salam sangat saya
                sebagai sebelum sedang sekarang selamat semua sementara seperti serta setelah siang sore sudah
                supaya tapi telah terima tersebut tetapi tidak tolong untuk yang yaitu memiliki pastikan
                memasukkan masukkan berikut tanpa satu lain paling sama merupakan mungkin memilih melalui
                terjadi silakan ulang mempunyai bukan sebelumnya terkait kembali menggunakan mahasiswa
                universitas lisensi kampus tahun permohonan sebuah""",
    "it": """a ad agli ai al alla alle allo anche ancora avere avremmo avrei buongiorno buonasera c'è che
                chi ci come con cordiali cosa così cui da dal dalla dalle degli dei del dell della delle dello
                di dopo dove e è era essere fa fare fino fra già gentile gentili gli grazie ha hanno ho i il in
                io la le lei li lo loro ma mi mia mio modo molto nei nel nella nelle no noi non nostra nostri
                nostro o ogni oppure per perché però più poi possiamo posso possono possibile potete potrei
                potreste prima può qual quale quando quanto quella quello questa questo qui saluti salve sarebbe
                se sei senza si sia siamo solo sono sta stata stato su sua sul sulla suo tra tutte tutti un un'
                una uno vi vorrei vorremmo vostra vostro hai deve devono assicurati almeno ora nome inserisci
                tuo tua valido valida nuovo nuova esiste numero necessario correggere selezionare seguenti due
                puoi probabilmente corretto unico prego successo arrivata arrivato nessuna nessun nemmeno
                neanche riesco università studenti scuola licenza anno richiesta abbiamo""",
    "lt": """ačiū apie ar arba bei bent bet būtų būti buvo bus dar dabar dėl dėkoju dėkojame diena gali
                galima galime galite galėtumėte galėtume gauti iki ir iš į jau jei jeigu jie jis jo jūs jūsų kad
                kada kai kaip kas kiek kodėl koks kokia kur kurie kuris kurią labai laba man mano mes mums mūsų
                mus nei nes nėra ne norėčiau norėtume norime noriu nuo o pagal pagarbiai per po prašau prašome
                prie prieš reikia reikėtų savo su šis ši šią šio tai taip tačiau tik ta tam todėl turi turime
                turiu už visi viena vienas yra sveiki daugiau mažiau turėti turėtų visus visų visas žemiau kitą
                jų šie šį jį įveskite pasirinkti sąrašas įsitikinkite nebuvo negali egzistuoja tinkamą skaičius
                adresu studentas universitetas mokykla licencija licenciją metams metai""",
    "lv": """aiz ar arī atkal bet bez bija būs būt būtu caur cik cieņu citi dienu ir jau ja jo jūs jūsu
                jums kā kad kādā kādi kāpēc kas katru ko kur kura kuras kuri kurš kuru labdien labrīt lai līdz
                lūdzu lūdzam man mana mani mēs mums mūsu nav ne nevar no nu pa paldies par pēc pie pirms šajā šī
                šis šo savu sveiki tā tad tagad tas tās tik tikai to turklāt tomēr un uz vai vairs varam varētu
                varu var vēl vēlamies vēlos vēlētos viens visi vispār vajadzīgs vajag esam esmu esat vairāk
                jābūt jānodrošina lūgums vismaz tam tajā tu jauna jauns šai šādus visu netika nevienu neviens
                nepieciešams jāievada satur izmanto pārliecinieties iespējams izvēlēties pieteikties students
                universitāte skola licence licenci gadu gads gadam""",
    "nl": """aan al alle alleen alles als alvast ander bedankt beste bij bent ben beter dan dank dag dat de
                deze die dit door dus een eens en er geen geachte gebruiken goed graag groet groeten had hallo
                hartelijk heb hebben hebt heeft helaas het hier hij hoe hoi hun iets ik in is je jullie kan
                kunnen kunt kon maar me meer met mij mijn misschien moet moeten mogelijk na naar niet niets
                nieuwe nog nu of om omdat onder ons onze ook op over sinds te tegen toch toen tot u uit uw van
                vandaag veel via volgens voor vraag vragen vriendelijke waar waarom wanneer want waren was wat
                we welke wel werd wij wil willen wordt worden ze zeer zich zij zijn zo zodat zonder zou zouden
                zullen mag moest bevat bevatten voer zorg ervoor juiste andere elke weer opnieuw hieronder
                volgende nieuw staat daarna zeker ongeldige geldige bestaat vereist beschikbaar twee tijd wilt
                universiteit school licentie jaar aanvraag student studenten werkt""",
    "no": """nettopp selskap skjema alle andre at av bare ble blir bli da de den denne der deres det dette
                dere du eller en enn er et etter fikk for fra få får før gjør god godt ha hadde han har hei
                hilsen hun hva hvem hvis hvor hvordan hvorfor i ikke ingen inn jeg kan kunne litt man med meg
                meget men mer mellom min mitt mot mye må noe noen nå når og også om opp oss over på seg siden
                sin skal skulle slik som takk til trenger ut uten var ved vennlig vennligst veldig vi vil ville
                være vært vår våre vårt ønsker ønske din ditt dine å så fordi enten oppgi inneholde bør brukt
                bruker bruke to tid endre mindre færre større fjerne finnes fantes kort deg mottar allerede
                videre lagt sørg følgende gyldig ugyldig sendt virker mangler igjen lenger ny nye nytt gamle
                samme hvilken hvilke første står undervisning forskning lisens søknad heter""",
    "pl": """a aby albo ale am ani bardzo bez będzie bo by być był była było były chciałbym chciałabym
                chcielibyśmy chcemy chcę ci co czy dla dlaczego do dobry dzień dziękuję dziękujemy go gdy gdzie
                i ich ile im innych ja jak jaki jakie jako je jednak jego jej jest jesteśmy jestem jeszcze już
                każdy kiedy kto która które którego której który których lub ma mają mam mamy mi mnie może
                możecie możemy można mogę mój na nad nam nas nasz nasza nasze naszej naszego naszym nie niestety
                niż o od on oraz po pod podczas ponieważ poza pozdrawiam pozdrowieniami potrzebujemy potrzebuję
                proszę przed przez przy również się są sobie swoje ta tak także tam te tego tej ten też to tu
                tych tylko tym u w we wiem witam więc wszystkie z za ze że żeby szanowni państwo musi muszą
                musisz został zostało zostały została więcej jeśli jeżeli wybierz następujących obecnie swoim
                upewnij pomyślnie ponownie brakuje jesteś masz macie mógł mogła ona twoje przynajmniej prosze
                dzien juz sie dziala uczelni szkoły rok roku studenci licencji licencję wniosek pracy stary nowy
                przyszedł żaden""",
    "pt": """a agora ainda além algum ao aos apenas aqui as até atenciosamente boa bom cada com como da das
                de dela dele depois desde dia do dos e é ela ele eles em então entre era essa esse esta está
                estão estamos estava este estou eu favor foi foram fui gostaria gostaríamos há isso isto já lhe
                mais mas me mesmo meu meus minha muito na não nas nem no nos nós nossa nosso nossos num o
                obrigada obrigado olá onde os ou outra outro para pela pelo pelos pode podem podemos poderia
                poderiam por porque posso precisamos preciso prezados qual quais quando que quem quero se sem
                sempre ser será seu seus só sobre somos sou sua são também tem têm temos tenho teria teve todos
                tudo um uma umas você vocês abraço cumprimentos deve tenha lista menos abaixo nova novo novos
                existe exemplo nenhum nenhuma seguintes suas seja antes verifique conta nome ação igual todas
                conter certifique use primeiro primeira custa quanto acabar chegou recusado aluno alunos escola
                universidade licença ano email voces""",
    "ro": """a acest această aceasta acestea acum ai al ale am ar are aș asta astfel atât atunci au avea
                aveți avem bună când cât care că ce cea cel cele cei cine cu cum cumva da dar dacă de deja
                despre din doar doresc dorim domnule după e ea ei el este eu fără face fi fie fost iar îl îmi în
                încă înainte între își la le lor lui mai mea mele meu mi mult mulțumesc mulțumim mulțumită ne
                nevoie nici noastră nostru nostri noștri nu numai o ori orice pe pentru peste poate până prin
                puteți putem puteam putea rog rugăm sa salut sau să se sunt sunteți suntem știu și toate tot
                toți trebuie un una unde unei unui vă vom voi vor vreau zi ziua stimate asigurați introduceți
                lista unic nouă noi alt altă număr numere niciun nicio deoarece doriți următoarele uitat trimite
                corect două doua aici poți există trebui puțin mic multe jos ați universitate școala student
                studenți licență licența an anul""",
    "sk": """a aby aj ako aké aká alebo ale ani áno až bez bol bola bolo bude budeme by bych byť cez chcel
                chcela chceli čo čí ďakujem ďakujeme dobrý deň do ešte ho i iba ich iný je jeho jej ju k kde
                kedy keď keďže ktorá ktoré ktorý ktorú ktorých ku lebo len má máme mám mať medzi mi mnou môj
                môže môžete môžeme možné mohli na nad nám nás náš naša naše našej našu ne nie nič no o od odo po
                pod podľa pokiaľ potrebujeme potrebujem potom pozdravom pre prečo pred pri prosím prosíme s sa
                sem si sme som sú so svoje tak takže táto teda ten tento to toho tom túto u už v vám vás viac
                všetko však vo z za zo že žiadosť radi musí hodnota ste ak aspoň vaše vašej vášho toto najviac
                najmenej nemá nemáte máte váš neplatný všetky všetkých zadajte zoznam zozname pretože správne
                tejto buď nebol použiť žiadne žiadny nasledujúcich meno dostupné uistite chcete boli keby
                niekedy univerzita škola študent študenti rok firma""",
    "sl": """a ali ampak bi bil bila bilo biti bo bodo bom bomo brez da do dober dobro dan ga hvala in iz
                ja jaz je jih jim kaj kako kakšne kakšen kateri katere katero kdaj ker ki kje ko kot lahko le
                lep lepo med moj moja mi mogoče moramo na nad nam nas naš naša naše našo ne nekaj ni nič niso
                nisem nismo o ob od pa po pod pozdrav pozdravljeni potrebujemo potrebujem pred prek preko pri
                prosim prosimo prosili rad rada radi s se sem si smo so sploh spoštovani sta svoj ta tako tega
                tem temu ti to tudi v vam vas vaš več vendar vsak vse vsi z za zahvaljujem zakaj zaradi zato
                zelo že želimo želim želel želeli mora morajo moral ima imeti imate nimate imajo trenutno največ
                najmanj vsaj vaše vašega seznam skupno skupaj če ste sme obstaja naslednjih znova želite izbrane
                pravilno naprej glede čas primer opomba vnesite preverite šola univerza študent študenti leto
                licenca licenco vemo""",
    "sv": """alla allt andra att av bara behöver bli blir blev bra de dem den denna det detta dig din dock
                du där då efter eller en enligt er era ett finns fick för från får få gör god gäller ha hade han
                har hej här hos hon hur i igen in ingen inte jag kan kunde kunna med mellan men mer mig min mitt
                mot mycket måste ni nu någon något några när och också om oss på samt sedan sig sin ska skall
                skulle snälla som så tack till tills tillbaka under upp ut utan vad var varför varit vara vart
                vem vi vid vilka vilken vill vår våra vårt vänlig vänligen vänliga ville är ännu hälsningar
                önskar än ditt antingen följande fyll kontrollera använder använda kräver kommer endast ange
                ytterligare deras välj giltig ogiltig innehålla eftersom redan ny nya nytt gamla fel rätt ta
                bort se ser saknas fungerar samma heter skola universitet licens ansökan studenter år året""",
    "tr": """acaba adına ama ancak artık az bana bazı belki ben beni benim bir biraz biri birlikte biz bize
                bizim bu buna bunu bunun çok çünkü da daha de değil diğer diye dolayı en fakat geçen gerekiyor
                gibi göre günler hala hangi hatta hem hepsi her hiç için içinde ile ise istiyorum istiyoruz iyi
                kadar karşı ki kim konuda konusunda lütfen merhaba mı mi mu mü nasıl ne neden nedir nerede niçin
                olan olarak oldu olduğu olduğunu olmak olması olur olup onu onun önce rağmen sadece saygılar
                saygılarımla sayın selamlar siz size sizin son sonra şey şimdi şu tarafından teşekkür
                teşekkürler ederim ederiz tüm üzere üzerinden var ve veya ya yani yardımcı yok yoksa zaman
                musunuz mısınız misiniz müsünüz emin olun sahip olduğundan zorunda zorundadır herhangi aşağıdaki
                aşağıda eğer fazla geçerli geçersiz mevcut ilgili seçin girin aynı yeni eski büyük küçük saat
                bunları doğru tekrar tek lazım gerekli öğrenci öğrenciyim üniversite üniversitemiz okul lisans
                lisansımızı başvuru başvurumuz bilmiyoruz yapmak kullanmak bizde listede""",
    "vi": """anh ạ bạn bao bây bằng bị biết các cách cảm cần chào chỉ cho chúng chưa chị có của cùng cũng
                dùng đã đang để đến đều đi điều đó được em gì giờ giúp hay hiện hoặc hơn họ khi không làm lại
                lên mà mình mong mỗi một muốn này nào năm nên nếu ngày nhà như nhưng những nhiều nữa ông ở phải
                quý ra rất rồi sao sau sẽ sử tại theo thể thì tôi trong trên trước trường từ vào và vẫn về vì
                việc với vui xin lòng ơn hãy là đổi thay đây hợp số giá trị sửa tất cả dưới người mới xem chính
                cái đúng rằng thời ít hai nhận sai đa thấy kiểm tra điền gửi đăng chọn nhập tồn học sinh viên
                giấy phép""",
}  # fmt: skip
"""Space-separated words by ISO 639-1 code."""

LETTERS: Mapping[str, Mapping[str, str]] = {
    "latin": {
        "cs": "ěřů", "da": "æ", "de": "ßäü", "es": "ñ¿¡", "et": "õ", "fi": "ä", "fr": "çœêè", "hr": "ćđ", "hu": "őű",
        "it": "òì", "lt": "ėųįęš", "lv": "āēīņļķģ", "no": "å", "pl": "łśźżęąń", "pt": "ãõç", "ro": "țșăţş",
        "sk": "ľĺŕô", "sl": "čšž", "sv": "åäö", "tr": "ğıış", "vi": "ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    },
    "ru": {"ru": "ыэё", "uk": "іїєґ", "bg": "ъ", "sr": "јљњћђџ"},
    "ar": {"ar": "ةىأإؤئ", "fa": "پچژگیک", "ur": "ٹڈڑےںھ"},
}  # fmt: skip
"""Letters that only these languages use, or that they use far more than their neighbours."""

SCRIPT_WORDS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "ru": """и как что это если можно нам наш наша для нужно нужен мы вы спасибо пожалуйста еще уже
                    письмо также только""",
        "uk": """та як що це якщо чи нам наш наша дуже дякую дякуємо будь ласка потрібно допомогу повагою
                    вже лист також лише""",
        "bg": """и как че това ако може нас нашия нашата много благодаря моля трябва сме са ще да вече
                    писмо също само за""",
        "sr": "и како да ово ако може нам наш наша много хвала молим треба смо су ће већ такође само за",
    },
}
"""Words that tell neighbours apart where they share a script other than Latin."""
