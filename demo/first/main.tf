# Gantry's demo: a small web service, made of resources that need no cloud. It really plans and
# applies; every "server" takes a moment to start, so that there is something to watch.

terraform {
  required_version = ">= 1.4"
}

module "network" {
  source = "./modules/network"
  name   = "web-${var.environment}"
  zones  = var.zones
}

resource "terraform_data" "image" {
  input            = { name = "web", version = var.image_version }
  triggers_replace = [var.image_version]
}

resource "terraform_data" "server" {
  for_each = toset(var.servers)

  input = {
    name      = "${each.key}.${var.environment}.example.com"
    size      = var.server_size
    subnet    = module.network.subnets[var.zones[0]]
    tags      = { Owner = var.owner, Environment = var.environment }
    user_data = file("${path.module}/start.sh")
  }

  provisioner "local-exec" {
    command = "echo 'starting ${each.key}'; sleep 1; echo '${each.key} answers its health check'"
  }
}

resource "terraform_data" "access" {
  input = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "ReadAssets", Effect = "Allow", Action = ["s3:GetObject"], Resource = "*" },
    ]
  })
}

resource "terraform_data" "database" {
  input = {
    engine   = "postgres"
    size_gb  = 20
    backups  = false
    password = var.database_password
  }
}

resource "terraform_data" "legacy_cron" {
  input = { schedule = "0 3 * * *", command = "cleanup --older-than 30d" }
}
