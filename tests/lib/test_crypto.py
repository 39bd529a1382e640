"""Sealed values and the keys that open them."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.crypto import BadKey, CannotDecrypt, Key, Keyring, load_or_create

OLD, NEW, OTHER = "old-" * 8, "new-" * 8, "oth-" * 8


@pytest.fixture
def keyring():
    return Keyring.from_text(NEW)


@given(st.binary(max_size=5_000), st.text(max_size=80))
def test_what_was_sealed_opens_in_its_context(value, context):
    keyring = Keyring.from_text(NEW)

    assert keyring.decrypt(keyring.encrypt(value, context), context) == value


def test_the_same_value_never_looks_the_same_twice(keyring):
    assert keyring.encrypt(b"x", "c") != keyring.encrypt(b"x", "c")


def test_a_sealed_value_does_not_hold_the_plain_one(keyring):
    assert b"hunter2" not in keyring.encrypt(b"hunter2", "variable:1")


def test_a_value_moved_to_another_row_does_not_open(keyring):
    sealed = keyring.encrypt(b"x", "variable:1")

    with pytest.raises(CannotDecrypt, match="belongs elsewhere"):
        keyring.decrypt(sealed, "variable:2")


@given(st.data())
def test_a_changed_value_does_not_open(data):
    keyring = Keyring.from_text(NEW)
    sealed = bytearray(keyring.encrypt(b"some value", "c"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))

    with pytest.raises(CannotDecrypt):
        keyring.decrypt(bytes(sealed), "c")


@given(st.binary(max_size=60))
def test_any_other_bytes_are_refused_with_a_sentence(noise):
    with pytest.raises(CannotDecrypt, match=r"\.$"):
        Keyring.from_text(NEW).decrypt(noise, "c")


def test_an_old_key_still_opens():
    sealed = Keyring.from_text(OLD).encrypt(b"x", "c")

    assert Keyring.from_text(f"{NEW} {OLD}").decrypt(sealed, "c") == b"x"


def test_a_keyring_without_the_key_says_so():
    sealed = Keyring.from_text(OLD).encrypt(b"x", "c")

    with pytest.raises(CannotDecrypt, match="not among the keys"):
        Keyring.from_text(NEW).decrypt(sealed, "c")


def test_reencrypting_needs_the_old_key_no_longer():
    sealed = Keyring.from_text(OLD).encrypt(b"x", "c")

    renewed = Keyring.from_text(f"{NEW}\n{OLD}").reencrypt(sealed, "c")

    assert Keyring.from_text(NEW).decrypt(renewed, "c") == b"x"


def test_reencrypting_leaves_alone_what_the_primary_key_has_sealed(keyring):
    sealed = keyring.encrypt(b"x", "c")

    assert keyring.reencrypt(sealed, "c") == sealed


def test_reencrypting_does_not_bless_a_changed_value(keyring):
    sealed = keyring.encrypt(b"x", "c")

    with pytest.raises(CannotDecrypt):
        keyring.reencrypt(sealed[:-1] + b"\0\0", "c")


def test_fingerprints_compare_values_of_one_context(keyring):
    assert keyring.fingerprint(b"x", "c") == keyring.fingerprint(b"x", "c")
    assert keyring.fingerprint(b"x", "c") != keyring.fingerprint(b"y", "c")
    assert len(keyring.fingerprint(b"x", "c")) == 12


def test_fingerprints_depend_on_context_and_key(keyring):
    assert keyring.fingerprint(b"x", "c") != keyring.fingerprint(b"x", "d")
    assert keyring.fingerprint(b"bc", "a") != keyring.fingerprint(b"c", "ab")
    assert keyring.fingerprint(b"x", "c") != Keyring.from_text(OLD).fingerprint(b"x", "c")


def test_derived_keys_differ_by_purpose_and_from_the_key_itself(keyring):
    assert keyring.derive("session") != keyring.derive("csrf")
    assert keyring.derive("encrypt") != Key.from_text(NEW).derive("encrypt")


def test_the_check_value_knows_its_keys_again(keyring):
    check = keyring.check_value()

    assert keyring.opens(check)
    assert Keyring.from_text(f"{OTHER} {NEW}").opens(check)
    assert not Keyring.from_text(OTHER).opens(check)
    assert not keyring.opens(b"")


def test_no_key_shows_in_a_repr():
    assert Key.from_text(NEW).material.hex() not in repr(Key.from_text(NEW))
    assert repr(Key.from_text(NEW).material) not in repr(Key.from_text(NEW))


@pytest.mark.parametrize(
    ("text", "reason"), [("short", "32 characters"), ("  \n", "no secret key")]
)
def test_a_bad_key_is_refused(text, reason):
    with pytest.raises(BadKey, match=reason):
        Keyring.from_text(text)


def test_a_key_file_is_made_once_and_only_for_its_owner(tmp_path):
    path = tmp_path / "data" / "secret.key"

    sealed = load_or_create(path).encrypt(b"x", "c")

    assert load_or_create(path).decrypt(sealed, "c") == b"x"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_get_the_same_key(tmp_path):
    path, keyrings = tmp_path / "secret.key", []

    threads = [
        threading.Thread(target=lambda: keyrings.append(load_or_create(path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(keyring.opens(keyrings[0].check_value()) for keyring in keyrings)
    assert len(keyrings) == 8


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "secret.key"
    load_or_create(path)
    path.chmod(0o640)

    with pytest.raises(BadKey, match="chmod 600"):
        load_or_create(path)


def test_a_key_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "secret.key"
    path.write_bytes(b"\xff\xfe" * 40)
    path.chmod(0o600)

    with pytest.raises(BadKey, match="holds no secret key"):
        load_or_create(path)
