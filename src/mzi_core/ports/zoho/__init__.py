"""What is needed of Zoho CRM, a protocol for each capability."""
