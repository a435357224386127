extension Markup {
    /// The page's look: readable on a screen, at night, and on paper.
    public static let style: Markup = """
        :root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6878;--line:#dfe4ea;--paper:#fff;--card:#f6f8fa;--good:#1a7f4b;--bad:#c43d2f;
        --warn:#a86400;--blue:#2563a8}
        @media(prefers-color-scheme:dark){:root{--ink:#e4e9ef;--soft:#9aa7b5;--line:#333d49;--paper:#12171d;--card:#1b222b;--good:#4cc38a;
        --bad:#f0806f;--warn:#e2a84b;--blue:#6fabe6}}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",
        Roboto,sans-serif}main{max-width:960px;margin:0 auto;padding:32px 20px 64px}h1{font-size:30px;line-height:1.2;margin:0 0 4px}
        h2{font-size:19px;margin:36px 0 10px;border-bottom:1px solid var(--line);padding-bottom:4px}h3{font-size:17px;margin:0 0 6px}
        p{margin:6px 0}.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
        .verdict{border-left:6px solid var(--mark);padding:4px 0 4px 16px;margin-bottom:12px}
        table{border-collapse:collapse;width:100%;font-size:14.5px}th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid
        var(--line);vertical-align:top}th{color:var(--soft);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;
        white-space:nowrap}.wide{overflow-x:auto}.wide td{white-space:nowrap}svg{min-width:560px}.chart{overflow-x:auto}
        .card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px 18px;margin:12px 0;break-inside:avoid}
        .pill{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:0 9px;font-size:13px;margin-left:6px}
        pre{background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:9px 11px;overflow-x:auto;font-size:12.5px;
        white-space:pre-wrap;word-break:break-all;margin:5px 0 10px}svg{max-width:100%;height:auto;display:block}svg text{fill:var(--ink);
        font:13px system-ui,sans-serif}svg .soft{fill:var(--soft)}details{margin:8px 0}summary{cursor:pointer;color:var(--blue)}
        ul{padding-left:20px;margin:6px 0}@media print{main{max-width:none;padding:0}.wide,.chart{overflow:visible}
        summary{color:var(--soft)}details::details-content{content-visibility:visible;display:block}}
        """
}
