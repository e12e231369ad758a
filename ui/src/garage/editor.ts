/** The editor of reward functions, CodeMirror with Python; loaded when a page shows it. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { RewardCheck, RewardFault } from "./wire";
import { isGrave } from "./words";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.docString], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.className, tags.definition(tags.className)], fontWeight: "var(--weight-strong)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);

const looks = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--raised)", color: "var(--ink)", fontSize: "var(--text-small)" },
  "&.cm-focused": { outline: "none" }, // its frame shows the focus
  ".cm-scroller": { fontFamily: "var(--mono)", fontVariantLigatures: "none", lineHeight: "var(--leading)", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", padding: "var(--space-8) 0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--muted)", border: "0" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--sunken) 60%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--line)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "var(--hair) solid var(--accent-shape)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-band)" },
  ".cm-tooltip": { border: "var(--hair) solid var(--line)", borderRadius: "var(--radius)", backgroundColor: "var(--raised)", color: "var(--ink)" },
  ".cm-diagnostic": { padding: "var(--space-8) var(--space-12)", fontFamily: "var(--sans)", maxWidth: "var(--field)" },
});

export interface Editor {
  /** Replace the text, as one step that can be undone. */
  set(text: string): void;
  /** Mark faults and warnings at their lines. */
  mark(check: Pick<RewardCheck, "faults" | "warnings">): void;
  /** Put the cursor on a line, from 1. */
  goTo(line: number): void;
  destroy(): void;
}

function diagnostic(state: EditorState, { line, message }: RewardFault, severity: Diagnostic["severity"]): Diagnostic[] {
  if (line === null || line < 1 || line > state.doc.lines) return [];
  const { from, to, text } = state.doc.line(line);
  const indent = text.length - text.trimStart().length;
  return [{ from: Math.min(from + indent, to), to, severity, message }];
}

/** `onChange` is told every text the person makes; `described`: id of the sentence that says how to leave. */
export function mountEditor(parent: HTMLElement, text: string, described: string, onChange: (text: string) => void): Editor {
  const view = new EditorView({
    parent,
    doc: text,
    extensions: [
      lineNumbers(),
      lintGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      drawSelection(),
      history(),
      python(),
      indentUnit.of("    "),
      indentOnInput(),
      bracketMatching(),
      syntaxHighlighting(colours),
      keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
      EditorView.contentAttributes.of({ "aria-label": "Reward function", "aria-describedby": described, spellcheck: "false" }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString());
      }),
      looks,
    ],
  });
  return {
    set: (next) => {
      if (next !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    mark: ({ faults, warnings }) => {
      const found = [...faults.flatMap((fault) => diagnostic(view.state, fault, isGrave(fault) ? "error" : "warning")), ...warnings.flatMap((warning) => diagnostic(view.state, warning, "warning"))];
      view.dispatch(setDiagnostics(view.state, found));
    },
    goTo: (line) => {
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines)).from;
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}
