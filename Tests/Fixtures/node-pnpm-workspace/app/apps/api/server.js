import { createServer } from 'node:http'
import { price } from '@shop/prices'

createServer((request, response) => response.end(`${price('tea')}\n`)).listen(process.env.PORT ?? 3000)
