"""By which ways people are told what waits for them: mail over SMTP, and signed webhooks."""
