"""`python -m simulator.schema`: cut Stripe's published schema down to what is answered."""

import sys

from simulator.schema.published import main

if __name__ == "__main__":
    sys.exit(main())
