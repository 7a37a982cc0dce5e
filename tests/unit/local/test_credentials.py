import stat
from pathlib import Path

import pytest

from local.aws import Credentials, load_credentials, save_credentials, session


def test_saved_credentials_can_be_read_by_their_owner_only(tmp_path: Path):
    file = tmp_path / "credentials.json"
    key = Credentials("AKIA", "secret")
    save_credentials(file, {"developer": key})

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_credentials(file) == {"developer": key}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", ["", "[]", '{"developer": {}}', '{"developer": 1}'])
def test_broken_credentials_are_none(tmp_path: Path, content: str):
    file = tmp_path / "credentials.json"
    file.write_text(content)

    assert load_credentials(file) == {}


def test_session_is_deaf_to_the_shells_settings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "there-is-none")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-somebody-else")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")

    found = session(Credentials("AKIA", "secret"))

    key = found.get_credentials()
    assert key is not None
    assert (key.access_key, key.token) == ("AKIA", None)
    assert found.region_name == "us-east-1"
