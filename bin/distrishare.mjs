#!/usr/bin/env node
/** The installed command: the bundle lies in the same package. */
import '../out/node/cli.mjs';
