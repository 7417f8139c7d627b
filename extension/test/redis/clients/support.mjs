// What the programs beside this one share.
import { isDeepStrictEqual, inspect } from 'node:util';

export const host = process.env.REDIS_HOST;
export const port = Number(process.env.REDIS_PORT);
export const url = `redis://${host}:${port}`;

let checks = 0;
export function is(what, expected, got) {
    if (!isDeepStrictEqual(expected, got)) {
        console.log(`${what}: expected ${inspect(expected)}, got ${inspect(got)}`);
        process.exit(1);
    }
    checks++;
}
export const report = () => console.log(checks);

export const attempt = async (promise) => promise.then((value) => value, (error) => error.message);
export const until = async (what) => {
    for (let i = 0; i < 6000 && !(await what()); i++) await new Promise((done) => setTimeout(done, 10));
};
