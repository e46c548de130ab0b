#!/usr/bin/env -S node --max-semi-space-size=4
/** The installed command: the bundle lies in the same package. The flag is that of scripts/node-flags.mjs. */
import '../out/node/cli.mjs';
