"""Dovecot 2.3 in a private folder on free loopback ports: IMAP plain, with STARTTLS and with TLS, and LMTP.

Any user name is an account with the password `PASSWORD` and a new, empty mailbox, so that every test has its own.
"""

import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from responder.core.endpoint import Endpoint, Secret, Security

PASSWORD = "secret"
HOST = "127.0.0.1"
PACKAGES = {"dovecot": "dovecot-core dovecot-imapd", "openssl": "openssl"}
MEMORY = "/dev/shm"
"""Where there is such a folder mail lies in memory: a maildir is many small files."""
LMTP = Path("/usr/lib/dovecot/lmtp")

CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap lmtp
listen = {host}
ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
auth_username_chars =
mail_location = maildir:{base}/mail/%n/Maildir
mail_max_userip_connections = 200
mail_fsync = never
first_valid_uid = 1
first_valid_gid = 1
{identity}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
  mailbox {sent} {{
    {special_use}
    auto = create
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@example.test
}}
protocol imap {{
  {capability}
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  {chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""


class Dovecot:
    """`with Dovecot() as server: server.endpoint("anyone")`."""

    def __init__(
        self,
        *,
        capability: str = "",
        prefix: str = "",
        separator: str = "/",
        sent: str = "Sent",
        special_use: bool = True,
        mechanisms: str = "plain login",
    ) -> None:
        """`capability` replaces what is announced; prefix INBOX. and separator . make it look like Courier."""
        self._base = Path(tempfile.mkdtemp(prefix="dovecot-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        self._process: subprocess.Popen[bytes] | None = None
        self.plain, self.tls, self.lmtp = free_port(), free_port(), free_port()
        self._config = {
            "capability": f"imap_capability = {capability}" if capability else "",
            "prefix": prefix,
            "separator": separator,
            "sent": sent,
            "special_use": "special_use = \\Sent" if special_use else "",
            "mechanisms": mechanisms,
        }

    @property
    def ca_file(self) -> Path:
        """The self-signed certificate, for SSL_CERT_FILE."""
        return self._base / "cert.pem"

    def start(self) -> Self:
        """Returns when both ports answer. Fails with the Debian package's name where Dovecot is missing."""
        for program, package in PACKAGES.items():
            if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
                raise RuntimeError(f"these tests need {program}: apt-get install {package}")
        if not LMTP.exists():
            raise RuntimeError("these tests need Dovecot's LMTP: apt-get install dovecot-lmtpd")
        self._write()
        command = ["/usr/sbin/dovecot", "-F", "-c", str(self._base / "dovecot.conf")]
        with (self._base / "out").open("wb") as out:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            for port in (self.plain, self.lmtp):
                await_banner(port)
        except TimeoutError:
            self.stop(keep=True)
            raise RuntimeError((self._base / "out").read_text() + self.log()) from None
        return self

    def stop(self, *, keep: bool = False) -> None:
        """End the process that was started here, wait for it, remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)
        if not keep:
            shutil.rmtree(self._base, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def endpoint(self, user: str, security: Security = Security.PLAIN, folder: str = "INBOX") -> Endpoint:
        """How to reach a user's mailbox."""
        port = self.tls if security is Security.TLS else self.plain
        return Endpoint(HOST, port, security, user, Secret(PASSWORD), folder)

    def deliver(self, user: str, raw: bytes) -> None:
        """By LMTP, as a mail transfer agent does."""
        with smtplib.LMTP(HOST, self.lmtp) as client:
            client.sendmail("sender@example.test", [f"{user}@example.test"], raw)

    def log(self) -> str:
        """What Dovecot has written to its log."""
        path = self._base / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def _write(self) -> None:
        self._base.chmod(0o755)
        mail = self._base / "mail"
        for folder in (self._base / "run", self._base / "state", mail):
            folder.mkdir()
        make_certificate(self._base)
        uid, gid, identity, chroot = os.geteuid(), os.getegid(), "", ""
        if uid == 0:
            uid, gid = pwd.getpwnam("nobody")[2:4]
            os.chown(mail, uid, gid)
        else:
            name = pwd.getpwuid(uid).pw_name
            identity = f"default_internal_user = {name}\ndefault_login_user = {name}\n"
            chroot = "chroot ="
        text = CONFIG.format(
            base=self._base, host=HOST, password=PASSWORD, uid=uid, gid=gid, identity=identity, chroot=chroot,
            plain=self.plain, tls=self.tls, lmtp=self.lmtp, **self._config,
        )  # fmt: skip
        (self._base / "dovecot.conf").write_text(text)


def make_certificate(folder: Path) -> None:
    """A self-signed certificate for localhost: cert.pem and key.pem."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "30"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def await_banner(port: int, seconds: float = 15.0) -> None:
    """Until a server greets on this port. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with socket.create_connection((HOST, port), 1) as probe:
                probe.settimeout(2)
                if probe.recv(1):
                    return
        except OSError:
            pass
        time.sleep(0.01)
    raise TimeoutError(f"no greeting on port {port}")
