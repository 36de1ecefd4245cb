'use strict';

const path = require('path');
const express = require('express');

const app = express();
app.set('view engine', 'ejs');
app.set('views', path.join(__dirname, 'views'));

app.get('/', (request, response) => {
  response.render('index', { goods: ['copper kettle', 'wool blanket'] });
});
app.get('/health', (request, response) => response.json({ status: 'ok' }));
app.get('/time', (request, response) => {
  const { DateTime } = require('luxon');
  const time = DateTime.fromISO('2024-06-01T12:00:00Z', { zone: 'Europe/Lisbon' });
  response.send(time.setLocale('de').toFormat("d. LLLL HH:mm ZZ"));
});
app.get('/module', async (request, response) => {
  const { name } = await import('./lazy.mjs');
  response.send(name);
});
app.get('/crypto', (request, response) => {
  const { generateKeyPairSync } = require('crypto');
  const { publicKey } = generateKeyPairSync('ed25519');
  response.send(publicKey.asymmetricKeyType);
});

const host = process.env.HOST || '0.0.0.0';
const server = app.listen(Number(process.env.PORT), host, () => console.log('listening'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
