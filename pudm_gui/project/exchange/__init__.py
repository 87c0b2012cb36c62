"""Labels and tags as files for other programs: read with a preview, written whole or not at all.

`importing` and `exporting` are what others call. A format is one module (`csv_table`, `json_lines`, `image_folder`,
`sidecars`) that turns files into `Row` and back; `matching` finds the images of the rows, `planning` says what would
become of them.
"""
