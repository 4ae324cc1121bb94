// The tracker's page.
import '../app.css';
import './tracker.css';
import { mount } from 'svelte';
import App from './App.svelte';

mount(App, { target: document.getElementById('app')! });
