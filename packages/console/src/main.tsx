import "@fontsource-variable/inter/index.css";
import "uplot/dist/uPlot.min.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/components.css";
import "./styles/tables.css";
import "./styles/pages.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { applyTheme, storedTheme } from "./theme.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");

applyTheme(storedTheme());
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
