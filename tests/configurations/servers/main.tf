# Things of the provider in tests/provider: sets, maps, JSON, secrets, blocks, time and failure.

terraform {
  required_providers {
    demo = {
      source  = "gantry/demo"
      version = "~> 0.1"
    }
  }
}

variable "root" {
  type = string
}

variable "image" {
  type    = string
  default = "debian-12"
}

variable "delay" {
  type    = number
  default = 0
}

variable "fail" {
  type    = bool
  default = false
}

variable "password" {
  type      = string
  default   = "first-password"
  sensitive = true
}

provider "demo" {
  root = var.root
}

resource "demo_file" "greeting" {
  filename = "greeting.txt"
  content  = "hello\n"
}

resource "demo_server" "web" {
  name     = "web"
  image    = var.image
  delay    = var.delay
  fail     = var.fail
  password = var.password
  policy   = jsonencode({ allow = ["a", "b"] })
  tags     = { "example.com/team" = "web" }
  zones    = ["b", "a"]
  dns      = ["one", "two"]

  rule {
    port = 80
    cidr = "0.0.0.0/0"
    key  = var.password
  }

  rule {
    port = 443
    cidr = "10.0.0.0/8"
  }
}

data "demo_file" "greeting" {
  filename   = demo_file.greeting.filename
  depends_on = [demo_server.web]
}

output "ip" {
  value = demo_server.web.ip
}
