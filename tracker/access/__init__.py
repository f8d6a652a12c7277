"""Who may come in: captcha, one-time codes, joining, sign-in, sessions, budgets."""
