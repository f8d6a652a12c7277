"""A report as one JSON object, a line of it in each line of the file."""

from tracker.reports.questions import shown, written
from tracker.reports.reading import Reading, Sink
from tracker.reports.rules import as_json

_AT_ONCE = 500


def write(reading: Reading, sink: Sink) -> None:
    """What was asked, the figures, the lines, the totals."""
    report = reading.report
    head = {"report": report.name, "asked": written(reading.asked)}
    figures = reading.figures()
    head |= {one.name: shown(one.of, figures[one.name]) for one in report.figures}
    sink.take(as_json(head)[:-1].encode() + b',"lines":[')
    columns = [(column.name, column.of) for column in report.columns]
    gathered: list[str] = []
    before = b"\n"
    for row in reading.rows():
        line = {name: shown(of, value) for (name, of), value in zip(columns, row, strict=True)}
        gathered.append(as_json(line))
        if len(gathered) == _AT_ONCE:
            sink.take(before + ",\n".join(gathered).encode(), len(gathered))
            gathered.clear()
            before = b",\n"
    if gathered:
        sink.take(before + ",\n".join(gathered).encode(), len(gathered))
    totals = {
        name: shown(report.column(name).of, sum_) for name, sum_ in (reading.totals or {}).items()
    }
    sink.take(b'\n],"totals":' + as_json(totals).encode() + b"}\n")
