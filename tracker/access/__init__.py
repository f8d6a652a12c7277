"""Who may come in: captcha, one-time codes, joining, sign-in, sessions, and budgets against abuse."""
