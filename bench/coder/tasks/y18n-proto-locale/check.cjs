'use strict'
const assert = require('node:assert/strict')

const y18n = require(process.cwd())({ locale: 'en', updateFiles: false })

y18n.setLocale('__proto__')
y18n.updateLocale({ polluted: 'yes' })
assert.equal({}.polluted, undefined)
y18n.setLocale('en')
y18n.updateLocale({ Hello: 'Hi' })
assert.equal(y18n.__('Hello'), 'Hi')
