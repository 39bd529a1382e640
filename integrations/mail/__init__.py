"""Mail of others: what services post, what stands in a message, and sending by SMTP.

One module per service; each becomes an `InboundMail`. Knows neither the database nor Flask.
"""
