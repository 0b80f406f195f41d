const express = require("express");

express()
  .get("/", (_, answer) => answer.send(new Date().toISOString()))
  .listen(process.env.PORT || 3000);
