"""Which engine a machine has."""

import pytest

from engines.base import EngineMissing
from engines.terraform.detection import Detection, bundled_library


def program(folder, name, says, log=None):
    folder.mkdir(exist_ok=True)
    path = folder / name
    note = f"echo asked >> {log}\n" if log else ""
    path.write_text(f"#!/bin/sh\n{note}echo '{says}'\n")
    path.chmod(0o755)
    return path


def test_tofu_comes_before_terraform(tmp_path):
    program(tmp_path, "terraform", "Terraform v1.5.7")
    program(tmp_path, "tofu", "OpenTofu v1.9.0")

    found = Detection(None, str(tmp_path)).find()

    assert (found.name, found.version, found.bundled) == ("tofu", "1.9.0", False)
    assert len(found.sha256) == 64


def test_a_configured_path_is_the_only_one(tmp_path):
    program(tmp_path, "tofu", "OpenTofu v1.9.0")
    chosen = program(tmp_path, "my-terraform", "Terraform v1.6.0")

    assert Detection(chosen, str(tmp_path)).find().version == "1.6.0"
    with pytest.raises(EngineMissing, match="configured"):
        Detection(tmp_path / "nothing", str(tmp_path)).find()


def test_a_plan_is_applied_with_the_version_that_made_it(tmp_path):
    program(tmp_path, "tofu", "OpenTofu v1.9.0")
    program(tmp_path, "terraform", "Terraform v1.5.7")
    detection = Detection(None, str(tmp_path))

    assert detection.find("1.5.7", "terraform").name == "terraform"
    with pytest.raises(EngineMissing, match=r"needs terraform 1\.4\.0"):
        detection.find("1.4.0", "terraform")


def test_a_program_is_asked_once_and_again_when_it_changes(tmp_path):
    log = tmp_path / "log"
    program(tmp_path / "bin", "tofu", "OpenTofu v1.9.0", log)
    detection = Detection(None, str(tmp_path / "bin"))

    detection.find()
    detection.find()
    program(tmp_path / "bin", "tofu", "OpenTofu v1.10.0", log)

    assert detection.find().version == "1.10.0"
    assert log.read_text().count("asked") == 2


def test_a_program_that_says_something_else_is_passed_over(tmp_path):
    program(tmp_path, "tofu", "tofu is a food")
    program(tmp_path, "terraform", "Terraform v1.5.7")

    assert Detection(None, str(tmp_path)).find().name == "terraform"


@pytest.mark.engine
@pytest.mark.skipif(bundled_library() is None, reason="no bundled terraform for this platform")
def test_the_bundled_one_is_there_when_nothing_else_is(tmp_path):
    found = Detection(None, str(tmp_path)).find()

    assert (found.name, found.bundled) == ("terraform", True)
