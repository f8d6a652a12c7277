"""Tools that know nothing of cashback: settings, database, tasks, money, clock, errors, HTTP."""
