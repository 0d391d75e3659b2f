import { type ColumnDef, tableFeatures, useTable } from "@tanstack/react-table";
import { Fragment, type ReactNode, useRef, useState } from "react";
import { Icon } from "./icon.tsx";
import { moveFocus } from "./row-focus.ts";

/** The service sorts, filters and pages; the table only draws. */
const features = tableFeatures({});

export type Column<Row extends object> = ColumnDef<typeof features, Row> & {
  readonly id: string;
};

export interface ColumnLayout {
  /** Numbers stand at the right, so that their digits are under one another. */
  readonly isNumeric?: boolean;
  /** The orders in which the service can sort by it, as they stand in the address. */
  readonly sort?: { readonly ascending: string; readonly descending: string; readonly name: string };
}

interface DataTableProps<Row extends object> {
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly layout: Readonly<Record<string, ColumnLayout>>;
  readonly rowKey: (row: Row) => string;
  /** The order in force, one of those that the layout names. */
  readonly order?: string;
  readonly onOrder?: (order: string) => void;
  /** What a row unfolds to. */
  readonly unfold?: (row: Row) => ReactNode;
}

/** A table with a head that stays, rows that the arrow keys walk through, and rows that unfold. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { caption, rows, columns, layout, rowKey, unfold } = props;
  const table = useTable({ features, columns, data: rows, getRowId: rowKey });
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const body = useRef<HTMLTableSectionElement>(null);

  const toggle = (key: string) =>
    setUnfolded((before) => {
      const after = new Set(before);
      if (!after.delete(key)) after.add(key);
      return after;
    });

  return (
    // Scrolls by itself, and so must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region without focus cannot be scrolled by keys
    <section className="table-scroll" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {unfold === undefined ? null : (
                <th scope="col" className="cell-fold">
                  <span className="visually-hidden">Details</span>
                </th>
              )}
              {group.headers.map((header) => (
                <HeaderCell key={header.id} layout={layout[header.column.id]} {...orderOf(props)}>
                  <table.FlexRender header={header} />
                </HeaderCell>
              ))}
            </tr>
          ))}
        </thead>
        <tbody ref={body} onKeyDown={(event) => moveFocus(event, body.current)}>
          {table.getRowModel().rows.map((row, index) => {
            const isUnfolded = unfolded.has(row.id);
            return (
              <Fragment key={row.id}>
                <tr
                  tabIndex={index === 0 ? 0 : -1}
                  data-row
                  className={unfold === undefined ? undefined : "is-foldable"}
                  onClick={(event) => unfold !== undefined && isPlainClick(event.target) && toggle(row.id)}
                  onKeyDown={(event) => {
                    if (event.key !== "Enter" || event.target !== event.currentTarget) return;
                    if (unfold !== undefined) toggle(row.id);
                    else event.currentTarget.querySelector("a")?.click();
                  }}
                >
                  {unfold === undefined ? null : (
                    <td className="cell-fold">
                      <button
                        type="button"
                        className="fold"
                        tabIndex={-1}
                        aria-expanded={isUnfolded}
                        onClick={() => toggle(row.id)}
                      >
                        <Icon name="chevron" />
                        <span className="visually-hidden">Details</span>
                      </button>
                    </td>
                  )}
                  {row.getAllCells().map((cell) => (
                    <td key={cell.id} className={layout[cell.column.id]?.isNumeric ? "is-numeric" : undefined}>
                      <table.FlexRender cell={cell} />
                    </td>
                  ))}
                </tr>
                {unfold !== undefined && isUnfolded ? (
                  <tr className="unfolded">
                    <td colSpan={columns.length + 1}>{unfold(row.original)}</td>
                  </tr>
                ) : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

interface Order {
  readonly order?: string;
  readonly onOrder?: (order: string) => void;
}

function orderOf({ order, onOrder }: Order): Order {
  return { ...(order === undefined ? {} : { order }), ...(onOrder === undefined ? {} : { onOrder }) };
}

function HeaderCell({
  layout,
  order,
  onOrder,
  children,
}: Order & { readonly layout: ColumnLayout | undefined; readonly children: ReactNode }) {
  const sort = layout?.sort;
  const className = layout?.isNumeric ? "is-numeric" : undefined;
  if (sort === undefined || onOrder === undefined) {
    return (
      <th scope="col" className={className}>
        {children}
      </th>
    );
  }
  const direction = order === sort.ascending ? "ascending" : order === sort.descending ? "descending" : "none";
  const next = direction === "descending" ? sort.ascending : sort.descending;
  return (
    <th scope="col" className={className} aria-sort={direction}>
      <button type="button" className="sort" onClick={() => onOrder(next)} title={`Sort by ${sort.name}`}>
        {children}
        <span className="sort-arrow" aria-hidden="true">
          {direction === "ascending" ? "↑" : direction === "descending" ? "↓" : "↕"}
        </span>
      </button>
    </th>
  );
}

/** Text that is being selected, and what reacts by itself, is not meant for the row. */
function isPlainClick(target: EventTarget): boolean {
  const isInteractive = target instanceof Element && target.closest("a, button, input, select") !== null;
  return !isInteractive && (window.getSelection()?.toString() ?? "") === "";
}
