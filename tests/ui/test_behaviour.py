"""What the scripts do, seen from outside: keys, selection, dialogs, the log, boosted visits."""


def test_control_k_finds_and_enter_opens(look):
    with look("runs") as (page, problems):
        page.keyboard.press("Control+k")
        page.wait_for_selector("#palette-list a[aria-selected=true]")

        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/run")

        assert problems == []


def test_rows_are_ticked_by_keys_and_the_bar_says_what_cannot_be_done(look):
    with look("runs") as (page, _):
        for key in "jxjx":
            page.keyboard.press(key)

        assert page.locator("#pick-131").is_checked()
        assert page.locator("[data-bulk-count]").inner_text() == "2 selected"
        assert "1 cannot be confirmed" in page.locator("[data-bulk-note]").inner_text()
        assert page.locator("[data-bulk-action=rerun]").is_disabled()


def test_the_row_at_hand_stays_marked_while_its_list_refreshes(look):
    with look("runs") as (page, _):
        page.keyboard.press("j")
        page.keyboard.press("j")
        marked = page.locator("tr[data-cursor]").get_attribute("data-row")

        with page.expect_response("**/runs"):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('runs-changed'))")
        page.wait_for_timeout(200)

        assert page.locator("tr[data-cursor]").get_attribute("data-row") == marked
        page.keyboard.press("x")
        assert page.locator(f"#pick-{marked}").is_checked()


def test_a_list_that_refreshes_keeps_ticks_focus_and_place(look):
    with look("runs") as (page, problems):
        page.set_viewport_size({"width": 1440, "height": 400})
        page.check("#pick-126")
        page.focus("#run-124 a")
        page.evaluate("scrollTo(0, 180)")

        with page.expect_response("**/runs"):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('runs-changed'))")
        page.wait_for_timeout(200)

        assert page.locator("#pick-126").is_checked()
        assert page.evaluate("scrollY") == 180
        assert page.evaluate("document.activeElement.closest('tr').id") == "run-124"
        assert problems == []


def test_the_sidebar_counts_again_when_runs_have_changed(look):
    with look("runs") as (page, problems):
        asked = []
        answer = '{"runs": "7", "queue": ""}'
        page.route(
            "**/counts",
            lambda route: (
                asked.append(1),
                route.fulfill(body=answer, content_type="application/json"),
            ),
        )
        runs, queue = (
            page.locator(f"nav.rail [data-rail-count={name}]").first for name in ("runs", "queue")
        )
        assert (runs.inner_text(), queue.inner_text()) == ("3", "1")

        with page.expect_response("**/counts"):
            for _ in range(5):
                page.evaluate("document.body.dispatchEvent(new CustomEvent('runs-changed'))")
        page.wait_for_function(
            "document.querySelector('[data-rail-count=runs]').textContent === '7'"
        )

        assert not queue.is_visible()
        assert runs.get_attribute("aria-label") == "7 waiting or at work"
        assert len(asked) == 1
        assert problems == []


def test_new_rows_are_announced_and_not_pushed_in(look):
    with look("runs") as (page, _):
        page.check("#pick-126")
        page.evaluate("document.querySelector('tr[data-row=\"131\"]').remove()")

        with page.expect_response("**/runs"):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('runs-changed'))")
        page.wait_for_selector("[data-news-show]")

        assert page.locator("[data-news-show]").inner_text() == "1 new run"
        assert page.locator("tr[data-row='131']").count() == 0


def test_a_final_deed_asks_for_the_name(look):
    with look("form") as (page, _):
        page.click("text=Delete stack")
        button = page.locator("dialog[open] button[type=submit]")
        before = button.is_disabled()

        page.fill("dialog[open] [data-typed]", "web")

        assert before
        assert button.is_enabled()


def test_a_question_is_a_page_of_its_own_without_a_script(look):
    with look("form", script=False) as (page, _):
        page.click("text=Delete stack")

        assert page.url.endswith("/confirm")
        assert page.locator("form[method=post] button[type=submit]").is_visible()


def test_a_log_that_grew_is_continued_in_its_phase(look):
    with look("run") as (page, problems):
        page.wait_for_selector("#L12")

        assert page.locator("[data-phase=planning] .log-line").count() == 8
        assert page.locator("[data-phase]").count() == 2
        assert problems == []


def test_a_line_that_the_address_names_is_lit(look):
    with look("run#L8-9") as (page, _):
        assert page.locator(".log-line[data-lit]").count() == 2


def test_searching_the_log_counts_and_goes_on(look):
    with look("run") as (page, _):
        page.fill("[data-log-search]", "aws_")
        page.press("[data-log-search]", "Enter")

        assert page.locator("[data-log-found]").inner_text() == "2 of 3"


def test_a_boosted_visit_moves_focus_to_the_title_and_back_returns(look):
    with look("runs") as (page, problems):
        page.click(".rail a[title=Dashboard]")
        page.wait_for_selector("h1:text-is('Dashboard')")
        focused = page.evaluate("document.activeElement.tagName")

        page.go_back()
        page.wait_for_selector("h1:text-is('Runs')")

        assert focused == "H1"
        assert problems == []


def test_what_was_typed_comes_back_but_no_secret(look):
    with look("form") as (page, _):
        page.fill("#title", "Half a thought")
        page.fill("#token", "hunter2")

        page.reload()

        assert page.input_value("#title") == "Half a thought"
        assert page.input_value("#token") == ""
        assert "hunter2" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_the_tab_carries_the_state(look):
    with look("run") as (page, _):
        assert page.title().startswith("◆ #128")
        assert page.get_attribute("link[rel=icon]", "href").startswith("data:image/svg+xml")


def test_everything_opens_on_a_phone_from_the_bottom_sheet(look):
    with look("run", "phone") as (page, _):
        page.tap(".rail-more > summary")
        page.tap(".sheet a[title=Administration]")

        page.wait_for_url("**/error")


def test_what_changes_by_the_clock_alone_is_looked_at_then_and_once(look):
    with look("parts") as (page, problems):
        page.evaluate(
            """() => {
              const { body } = document;
              body.dataset.looks = 0;
              const count = () => { body.dataset.looks = 1 + Number(body.dataset.looks); };
              body.addEventListener("live-poll", count);
              document.querySelector("h1").dataset.lookIn = "0.5";
            }"""
        )
        page.wait_for_selector("body[data-looks='1']")
        page.wait_for_timeout(2100)  # Two more ticks.

        assert page.locator("body").get_attribute("data-looks") == "1"
        page.evaluate("document.querySelector('h1').dataset.lookIn = '0.1'")
        page.wait_for_selector("body[data-looks='2']")
        assert problems == []
