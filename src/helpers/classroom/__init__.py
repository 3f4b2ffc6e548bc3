"""Notebooks for students: the edition without solutions, with what each chapter reads beside it, opened in JupyterLab."""
