import sys

from pudm_gui.cli import main

sys.exit(main())
