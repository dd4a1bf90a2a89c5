// SPDX-License-Identifier: Apache-2.0
// Series of numbers, one file each. What makes it vulnerable: a report's expression is evaluated as it comes.
'use strict';
const http = require('http');
const fs = require('fs');
const { execFile } = require('child_process');

const DATA = '/srv/data';
const LOG = '/var/log/app/access.log';
let limits = { body: 65536 };
let log = fs.createWriteStream(LOG, { flags: 'a' });

process.on('SIGHUP', () => { limits = { ...limits, loaded: Date.now() }; });
process.on('SIGUSR2', () => { log.end(); log = fs.createWriteStream(LOG, { flags: 'a' }); });
process.on('SIGTERM', () => process.exit(0));

function file(url) {
  const name = url.searchParams.get('series') || '';
  return /^[a-z0-9]+$/.test(name) ? `${DATA}/${name}.json` : null;
}

function series(path, then) {
  fs.readFile(path, 'utf8', (err, text) => { let v = []; try { if (!err) v = JSON.parse(text); } catch (e) { v = []; } then(v); });
}

function add(path, body, done) {
  series(path, (values) => {
    values.push(Number(body) || 0);
    fs.writeFile(path + '.new', JSON.stringify(values.slice(-1000)), (err) => err ? done(500) : fs.rename(path + '.new', path, () => done(200)));
  });
}

function report(path, expression, done) {
  series(path, (values) => { try { done(200, eval(expression)); } catch (e) { done(400, e.message); } });
}

http.createServer((req, res) => {
  const url = new URL(req.url, 'http://localhost');
  const path = file(url);
  let body = '';
  const done = (code, out) => {
    log.write(`${Date.now()} ${req.method} ${url.pathname} ${code}\n`);
    res.writeHead(code, { 'content-type': 'application/json' });
    res.end(JSON.stringify(out === undefined ? null : out));
  };
  req.on('data', (part) => { body = (body + part).slice(0, limits.body); });
  req.on('end', () => {
    if (!path) done(400, 'no such series');
    else if (url.pathname === '/values' && req.method === 'POST') add(path, body, done);
    else if (url.pathname === '/values') series(path, (v) => done(200, v.slice(-100)));
    else if (url.pathname === '/report') report(path, body, done);
    else if (url.pathname === '/archive') execFile('gzip', ['-kf', path], (err) => done(err ? 500 : 200));
    else done(404, 'no such page');
  });
}).listen(3000);
