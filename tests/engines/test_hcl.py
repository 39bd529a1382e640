"""What is read out of configuration without terraform."""

import pytest

from engines.terraform import hcl

TRICKY = """
# terraform { backend "azurerm" {} }
/* terraform {
  backend "gcs" {} } */
variable "text" {
  default = "terraform { backend \\"consul\\" {} }"
}
locals {
  script = <<-EOT
    terraform {
      backend "pg" {}
    }
    variable "not_one" {}
  EOT
  nested = { terraform = { backend = "x" } }
}
resource "x" "y" {
  terraform { backend "nested" {} }
}
variable bare { type = string }
"""


def test_only_a_real_backend_block_counts(tmp_path):
    (tmp_path / "main.tf").write_text(TRICKY)

    assert hcl.declared_backend(tmp_path) is None


def test_a_backend_is_found_with_its_literal_settings(tmp_path):
    block = 'terraform {\n required_version = ">= 1"\n required_providers {}\n'
    block += ' backend "s3" {\n bucket = "b"\n key = "${local.x}"\n encrypt = true }\n}'
    (tmp_path / "main.tf").write_text(TRICKY + block)

    found = hcl.declared_backend(tmp_path)

    assert found == hcl.Backend("s3", {"bucket": "b"})


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("main.tf.json", '{"terraform": {"backend": {"local": {"path": "x"}}}}', "local"),
        ("main.tf.json", '{"terraform": [{"cloud": {}}]}', "cloud"),
        ("main.tf", 'terraform {\n cloud {\n organization = "o" }\n}', "cloud"),
        ("main.tofu", 'terraform {\n backend "http" {}\n}', "http"),
    ],
)
def test_a_backend_is_found_in_every_kind_of_file(name, text, kind, tmp_path):
    (tmp_path / name).write_text(text)

    assert hcl.declared_backend(tmp_path).type == kind


def test_an_override_file_has_the_last_word(tmp_path):
    (tmp_path / "backend_override.tf").write_text('terraform {\n backend "local" {}\n}')
    (tmp_path / "main.tf").write_text('terraform {\n backend "s3" {}\n}')

    assert hcl.declared_backend(tmp_path).type == "local"


def test_variables_are_found_and_those_in_texts_are_not(tmp_path):
    (tmp_path / "main.tf").write_text(TRICKY)
    (tmp_path / "more.tf.json").write_text('{"variable": {"from_json": {}}}')
    (tmp_path / "broken.tf.json").write_text("{")

    assert hcl.declared_variables(tmp_path) == {"text", "bare", "from_json"}
