"""A certificate authority that openssl makes for one run, and a certificate of it for localhost."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Authority:
    """Trust it by SSL_CERT_FILE; servers show `certificate` with `key`."""

    ca_file: Path
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """For a server in this process."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_authority(folder: Path, *names: str) -> Authority:
    """Make both in `folder`; the certificate is for localhost and 127.0.0.1 unless other DNS names are given."""
    if shutil.which("openssl") is None:
        raise RuntimeError("these tests need openssl: apt-get install openssl")
    made = Authority(folder / "ca.pem", folder / "server.pem", folder / "server-key.pem")
    subject = ",".join(f"DNS:{name}" for name in names) or "DNS:localhost,IP:127.0.0.1"
    (folder / "names").write_text(f"subjectAltName={subject}\n")
    _openssl(folder, "req", "-x509", *_KEY, "-keyout", "ca-key.pem", "-out", "ca.pem", "-days", "30", "-subj", "/CN=ca")
    _openssl(folder, "req", *_KEY, "-keyout", "server-key.pem", "-out", "request.pem", "-subj", "/CN=server")
    signer = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", "names", "-days", "30")
    _openssl(folder, "x509", "-req", "-in", "request.pem", "-out", "server.pem", *signer)
    return made


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
