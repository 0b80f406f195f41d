import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    outDir: 'shop/static/dist',
    rollupOptions: {
      input: 'assets/main.js',
      output: { entryFileNames: '[name].js' },
    },
  },
})
