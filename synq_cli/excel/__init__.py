"""Excel workbooks: a sheet as rows of text, and rows as a workbook. Both need the optional extra."""
