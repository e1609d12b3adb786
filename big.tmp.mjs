import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Module, Injectable } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JwtoModule, UserProvider, jwtoEntities, jwtoMigrations, TokenService } from './dist/index.js';
class Users extends UserProvider { async authenticate(){return null} async findById(){return null} }
class App {}
Module({imports:[TypeOrmModule.forRoot({type:'postgres',url:'postgres://postgres@127.0.0.1:5432/big',entities:[...jwtoEntities],migrations:[...jwtoMigrations]}),JwtoModule.forRoot({signingKey:'x'.repeat(48),users:Users})]})(App);
const t=performance.now();
const app=await NestFactory.create(App,{logger:['warn','error']});
await app.listen(0);
console.log('start',performance.now()-t, process.cpuUsage().user/1e3);
let last=performance.now(),max=0; const iv=setInterval(()=>{const n=performance.now(); max=Math.max(max,n-last-5); last=n;},5);
await new Promise(r=>setTimeout(r,8000)); console.log('stall',max); clearInterval(iv);
await app.close();
