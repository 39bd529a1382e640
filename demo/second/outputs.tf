output "address" {
  value = "https://web.${var.environment}.example.com"
}

output "zones" {
  value = var.zones
}

output "servers" {
  value = [for server in terraform_data.server : server.output.name]
}

output "database_url" {
  value     = "postgres://web:${var.database_password}@db.${var.environment}.example.com/web"
  sensitive = true
}
