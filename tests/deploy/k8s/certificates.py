"""Secrets as cert-manager would write them, for processes on this machine."""

import subprocess


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_authority(folder):
    """ca.crt and ca.key in `folder`."""
    folder.mkdir()
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt")


def make_certificate(authority, folder, address):
    """tls.crt, tls.key and ca.crt in `folder`, for a server at an IP address that
    is a client, too."""
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={address}", "-keyout", "tls.key", "-out", "request")
    (folder / "extensions").write_text(f"subjectAltName=IP:{address}\n"
                                       "extendedKeyUsage=serverAuth,clientAuth\n")
    openssl(folder, "x509", "-req", "-in", "request", "-CA", authority / "ca.crt", "-CAkey",
            authority / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions",
            "-out", "tls.crt")
    (folder / "ca.crt").write_bytes((authority / "ca.crt").read_bytes())
