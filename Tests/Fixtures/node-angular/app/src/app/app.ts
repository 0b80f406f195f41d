import { Component } from '@angular/core';

@Component({
  selector: 'app-root',
  template: '<h1>hello</h1>',
})
export class App {}
