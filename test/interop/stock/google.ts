import { GoogleAuth } from 'google-auth-library';

/** A program that knows Google Cloud and nothing of us: the application default credentials. */
const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
process.stdout.write(`${await auth.getAccessToken()}\n`);
