"""What shops owe us: terms, invoices, payments, and what members had of it before shops paid."""
