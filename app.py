#!/usr/bin/env python3
"""The CDK application: reads the configuration, builds the packages, writes the templates."""

import sys

from infra import process
from infra.config import ConfigError
from infra.tools import ToolError


def main() -> int:
    """Write cdk.out/; answers 1, with a sentence on stderr, when something forbids it."""
    process.prepare_jsii()  # importing aws_cdk, which synthesis does, starts Node
    from infra.synthesis import synthesize

    try:
        synthesize()
    except (ConfigError, ToolError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
