variable "name" { type = string }
variable "zones" { type = list(string) }

resource "terraform_data" "vpc" {
  input = { name = var.name, cidr = "10.0.0.0/16" }
}

resource "terraform_data" "subnet" {
  for_each = { for index, zone in var.zones : zone => index }
  input    = { zone = each.key, cidr = cidrsubnet("10.0.0.0/16", 8, each.value) }
}

output "subnets" {
  value = { for zone, subnet in terraform_data.subnet : zone => "${var.name}-${zone}" }
}
