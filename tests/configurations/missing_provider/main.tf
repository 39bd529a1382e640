terraform {
  required_providers {
    cloud = {
      source  = "example.com/acme/cloud"
      version = "~> 2.0"
    }
  }
}

resource "cloud_server" "this" {}
