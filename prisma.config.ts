import { defineConfig } from 'prisma/config';

/** Prisma's command line needs to know where the schema stands; the service itself does not read this. */
export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } });
