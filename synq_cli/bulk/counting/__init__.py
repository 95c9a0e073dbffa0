"""Stock counts: what earlier runs have posted of them, and the plan of one."""
