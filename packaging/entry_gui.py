import sys

from pudm_gui.app import main

sys.exit(main())
