"""Postfix in a private folder on a free loopback port, as root: submission with STARTTLS and AUTH.

Passwords are checked by a Dovecot that does nothing else; mail goes on by SMTP or LMTP to wherever the test reads it.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from responder.core.endpoint import Endpoint, Secret, Security
from tests.servers.authority import Authority, make_authority
from tests.servers.dovecot import await_banner, free_port

HOST = "127.0.0.1"
PROGRAMS = {"/usr/sbin/postfix": "postfix", "/usr/sbin/dovecot": "dovecot-core"}
MASTER = Path("/usr/share/postfix/master.cf.dist")
SECONDS = 15.0

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {base}/spool
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {base}/postfix.log
maillog_file_prefixes = {base}
myhostname = mx.example.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_dns_support_level = disabled
default_transport = {next_hop}
relay_transport = {next_hop}
minimal_backoff_time = 1s
queue_run_delay = 1s
smtpd_tls_cert_file = {authority.certificate}
smtpd_tls_key_file = {authority.key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {base}/auth
smtpd_sasl_authenticated_header = no
smtpd_relay_restrictions = {relay}
smtpd_reject_unlisted_recipient = no
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_auth_rate_limit = 0
smtpd_error_sleep_time = 0
{extra}
"""
AUTH_CONF = """
base_dir = {base}/dovecot-run
state_dir = {base}/dovecot-state
log_path = {base}/dovecot.log
protocols =
listen = 127.0.0.1
ssl = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {base}/passwords
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}}
service auth {{
  unix_listener {base}/auth {{
    mode = 0666
  }}
}}
"""


class Postfix:
    """`with Postfix("smtp:[127.0.0.1]:2525", {"education": "secret"}) as server: server.endpoint("education")`."""

    def __init__(self, next_hop: str, accounts: Mapping[str, str], *, trusting: bool = False, extra: str = "") -> None:
        """`next_hop` is Postfix's, as lmtp:inet:127.0.0.1:24; `trusting`: loopback may send without a password."""
        self._base = Path(tempfile.mkdtemp(prefix="postfix-"))
        self._next_hop, self._accounts, self._extra = next_hop, dict(accounts), extra
        self._relay = "permit_mynetworks, permit_sasl_authenticated, reject" if trusting else (
            "permit_sasl_authenticated, reject"
        )  # fmt: skip
        self._dovecot: subprocess.Popen[bytes] | None = None
        self._authority: Authority | None = None
        self.port = free_port()

    @property
    def ca_file(self) -> Path:
        """The certificate authority's, for SSL_CERT_FILE."""
        return self._base / "ca.pem"

    def start(self) -> Self:
        """Returns when it greets. Fails with the Debian package's name where a program is missing."""
        for program, package in PROGRAMS.items():
            if not Path(program).exists():
                raise RuntimeError(f"these tests need {program}: apt-get install {package}")
        if os.geteuid() != 0:
            raise RuntimeError("Postfix starts as root only: run these tests as root")
        self._authority = make_authority(self._base)
        self._write(self._authority)
        self._start_dovecot()
        started = self._postfix("start")
        try:
            await_banner(self.port, SECONDS if started.returncode == 0 else 0)
        except TimeoutError:
            said = started.stderr + self.log()
            self.stop()
            raise RuntimeError(said) from None
        return self

    def stop(self) -> None:
        """End what was started here, wait for it, remove its folder."""
        self._postfix("stop")
        if self._dovecot is not None and self._dovecot.poll() is None:
            self._dovecot.terminate()
            self._dovecot.wait(10)
        shutil.rmtree(self._base, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def endpoint(self, user: str = "", security: Security = Security.STARTTLS) -> Endpoint:
        """How a user submits mail; without one, no password is shown."""
        return Endpoint("localhost", self.port, security, user, Secret(self._accounts.get(user, "")))

    def await_empty(self, seconds: float = SECONDS) -> None:
        """Until everything accepted has been handed on. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            listed = subprocess.run(
                ["/usr/sbin/postqueue", "-c", str(self._base / "etc"), "-j"],
                capture_output=True,
                text=True,
                check=False,
            )
            if not listed.stdout.strip() and listed.returncode == 0:
                return
            time.sleep(0.05)
        raise TimeoutError(f"mail is left in the queue: {listed.stdout}{listed.stderr}")

    def log(self) -> str:
        """What Postfix has written to its log."""
        path = self._base / "postfix.log"
        return path.read_text() if path.exists() else ""

    def _postfix(self, verb: str) -> subprocess.CompletedProcess[str]:
        command = ["/usr/sbin/postfix", "-c", str(self._base / "etc"), verb]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def _start_dovecot(self) -> None:
        command = ["/usr/sbin/dovecot", "-F", "-c", str(self._base / "auth.conf")]
        with (self._base / "out").open("wb") as out:
            self._dovecot = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        until = time.monotonic() + SECONDS
        while not (self._base / "auth").exists():
            if time.monotonic() > until or self._dovecot.poll() is not None:
                raise RuntimeError((self._base / "out").read_text())
            time.sleep(0.01)

    def _write(self, authority: Authority) -> None:
        base = self._base
        base.chmod(0o755)
        for folder in ("etc", "spool", "data", "dovecot-run", "dovecot-state"):
            (base / folder).mkdir()
        postfix = pwd.getpwnam("postfix")
        os.chown(base / "data", postfix.pw_uid, postfix.pw_gid)
        main = MAIN_CF.format(
            base=base, next_hop=self._next_hop, authority=authority, relay=self._relay, extra=self._extra
        )
        (base / "etc" / "main.cf").write_text(main)
        (base / "etc" / "master.cf").write_text(_master(self.port))
        (base / "etc" / "dynamicmaps.cf").touch()
        (base / "auth.conf").write_text(AUTH_CONF.format(base=base))
        (base / "passwords").write_text("".join(f"{u}:{{PLAIN}}{p}::::::\n" for u, p in self._accounts.items()))
        (base / "passwords").chmod(0o644)


def _master(port: int) -> str:
    """Debian's services, none of them in a chroot, SMTP on our port alone."""
    lines = []
    for line in MASTER.read_text().splitlines():
        fields = line.split()
        if not line[:1].strip() or line.startswith("#") or len(fields) < 8:
            continue
        if fields[:2] == ["smtp", "inet"]:
            fields = [f"{HOST}:{port}", "inet", "n", "-", "n", "-", "-", "smtpd"]
        fields[4] = "n"
        lines.append(" ".join(fields))
    return "\n".join(lines) + "\n"
