#!/usr/bin/env node
import '../dist/heal.js';
